using System;
using Dataplane.Control.Socket;

namespace Dataplane.Control.Tests;

/// <summary>Answers every request for a change with one outcome, and remembers what was asked, without allocating.</summary>
internal sealed class ScriptedSettings(SettingOutcome outcome) : ITableSettings
{
    private readonly byte[] _zone = new byte[ControlLimits.ZoneNameBytesMax];
    private int _zoneBytes;

    internal SettingOutcome Outcome { get; set; } = outcome;

    internal int Calls { get; private set; }

    internal RequestKind Asked { get; private set; }

    internal long? Value { get; private set; }

    internal ReadOnlySpan<byte> Zone => _zone.AsSpan(0, _zoneBytes);

    public SettingOutcome SetEntriesMax(long entriesMax) => Answer(RequestKind.SetEntriesMax, default, entriesMax);

    public SettingOutcome SetZoneMax(ReadOnlySpan<byte> zoneName, long? entriesMax) => Answer(RequestKind.SetZoneMax, zoneName, entriesMax);

    public SettingOutcome SetBuckets(long buckets) => Answer(RequestKind.SetBuckets, default, buckets);

    private SettingOutcome Answer(RequestKind asked, ReadOnlySpan<byte> zone, long? value)
    {
        Calls++;
        Asked = asked;
        Value = value;
        zone.CopyTo(_zone);
        _zoneBytes = zone.Length;
        return Outcome;
    }
}
