using System;
using Dataplane.Conntrack;
using Dataplane.Control.Socket;

namespace Dataplane.Control.Tests;

/// <summary>Answers every request for a change with one outcome, and remembers what was asked, without allocating.</summary>
internal sealed class ScriptedSettings(SettingOutcome outcome) : ITableSettings
{
    private readonly byte[] _name = new byte[ControlLimits.ZoneNameBytesMax];
    private int _nameBytes;

    internal SettingOutcome Outcome { get; set; } = outcome;

    internal int Calls { get; private set; }

    internal RequestKind Asked { get; private set; }

    internal long? Value { get; private set; }

    /// <summary>Of the last timeout.</summary>
    internal ConnectionState State { get; private set; }

    /// <summary>The zone's or the policy's name.</summary>
    internal ReadOnlySpan<byte> Name => _name.AsSpan(0, _nameBytes);

    public SettingOutcome SetEntriesMax(long entriesMax) => Answer(RequestKind.SetEntriesMax, default, entriesMax);

    public SettingOutcome SetZoneMax(ReadOnlySpan<byte> zoneName, long? entriesMax) => Answer(RequestKind.SetZoneMax, zoneName, entriesMax);

    public SettingOutcome SetBuckets(long buckets) => Answer(RequestKind.SetBuckets, default, buckets);

    public SettingOutcome SetTimeout(ReadOnlySpan<byte> policyName, ConnectionState state, uint seconds)
    {
        State = state;
        return Answer(RequestKind.SetTimeout, policyName, seconds);
    }

    private SettingOutcome Answer(RequestKind asked, ReadOnlySpan<byte> name, long? value)
    {
        Calls++;
        Asked = asked;
        Value = value;
        name.CopyTo(_name);
        _nameBytes = name.Length;
        return Outcome;
    }
}
