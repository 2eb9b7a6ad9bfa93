using System;
using System.Collections.Generic;
using System.Numerics;
using System.Text;
using Dataplane.Conntrack;
using Dataplane.Control.Socket;

namespace Dataplane.App.Tests;

/// <summary>The numbers of a connection table that holds nothing: its limit, its zones', its buckets and timeouts, with the rules between
/// them.</summary>
internal sealed class SmallTable : ITableSettings
{
    internal const long Capacity = 10_000;
    internal const long EntriesMin = 16;
    internal const uint TimeoutOtherwise = 240;
    private const long PlacesPerBucket = 4;
    private const long BucketsOfMemory = 1 << 20;

    private readonly Dictionary<string, long?> _zones = new(StringComparer.OrdinalIgnoreCase) { ["cust"] = 500, ["open"] = null };

    private readonly Dictionary<string, Dictionary<ConnectionState, uint>> _timeouts =
        new(StringComparer.OrdinalIgnoreCase) { ["default"] = [], ["dns"] = [] };

    internal long EntriesMax { get; private set; } = 1000;

    internal long Buckets { get; private set; } = 1024;

    /// <summary>A resize is under way.</summary>
    internal bool IsResizing { get; set; }

    /// <summary>The table is being brought down.</summary>
    internal bool IsStopping { get; set; }

    public SettingOutcome SetEntriesMax(long entriesMax)
    {
        long before = EntriesMax;
        SettingOutcome outcome = entriesMax switch
        {
            < EntriesMin => SettingOutcome.Refused(SettingResult.ValueInvalid, EntriesMin),
            > Capacity => SettingOutcome.Refused(SettingResult.AboveCapacity, Capacity),
            _ when entriesMax > Buckets * PlacesPerBucket => SettingOutcome.Refused(SettingResult.AbovePlaces, Buckets * PlacesPerBucket),
            _ => SettingOutcome.Done(before, entriesMax),
        };
        EntriesMax = outcome.After ?? before;
        return outcome;
    }

    public SettingOutcome SetZoneMax(ReadOnlySpan<byte> zoneName, long? entriesMax)
    {
        string name = Encoding.UTF8.GetString(zoneName);
        if (!_zones.TryGetValue(name, out long? before))
        {
            return SettingOutcome.Refused(SettingResult.ZoneUnknown);
        }

        _zones[name] = entriesMax;
        return SettingOutcome.Done(before, entriesMax);
    }

    public SettingOutcome SetBuckets(long buckets)
    {
        long before = Buckets;
        long after = (long)BitOperations.RoundUpToPowerOf2((ulong)buckets);
        SettingOutcome outcome = after switch
        {
            _ when IsStopping => SettingOutcome.Refused(SettingResult.NotNow),
            _ when IsResizing => SettingOutcome.Refused(SettingResult.ResizeRunning),
            _ when after * PlacesPerBucket < EntriesMax =>
                SettingOutcome.Refused(SettingResult.AbovePlaces, (EntriesMax + PlacesPerBucket - 1) / PlacesPerBucket),
            > BucketsOfMemory => SettingOutcome.Refused(SettingResult.OutOfMemory),
            _ => SettingOutcome.Done(before, after),
        };
        Buckets = outcome.After ?? before;
        return outcome;
    }

    public SettingOutcome SetTimeout(ReadOnlySpan<byte> policyName, ConnectionState state, uint seconds)
    {
        string policy = policyName.IsEmpty ? "default" : Encoding.UTF8.GetString(policyName);
        if (!_timeouts.TryGetValue(policy, out Dictionary<ConnectionState, uint>? timeouts))
        {
            return SettingOutcome.Refused(SettingResult.PolicyUnknown);
        }

        uint before = timeouts.GetValueOrDefault(state, TimeoutOtherwise);
        timeouts[state] = seconds;
        return SettingOutcome.Done(before, seconds);
    }

    internal uint Timeout(string policy, ConnectionState state) => _timeouts[policy].GetValueOrDefault(state, TimeoutOtherwise);

    internal long? ZoneMax(string name) => _zones[name];
}
