using System;
using System.IO;
using System.Text;
using System.Text.Unicode;
using Dataplane.Conntrack;
using Dataplane.Control.Configuration;
using Dataplane.Control.Socket;
using Dataplane.Datapath;
using Dataplane.Packet;

namespace Dataplane.App.Hosting;

/// <summary>Changes the running connection table and its timeouts for the control socket, and says so in the log.</summary>
/// <param name="router">Its table, and the timeouts of its plan.</param>
/// <param name="zones">Those with a name.</param>
/// <param name="policies">The timeout policies besides the default one, in their order.</param>
/// <param name="log">Takes one line for each change.</param>
internal sealed unsafe class TableSettings(
    Router router, ZoneConfiguration[] zones, TimeoutPolicyConfiguration[] policies, Stream log) : ITableSettings
{
    private const int LineBytesMax = 160;

    private readonly ConntrackMemory<Ipv4Tuple> _table = router.Conntrack;

    public SettingOutcome SetEntriesMax(long entriesMax)
    {
        long before = _table.EntriesMax;
        if (entriesMax > _table.Capacity)
        {
            return SettingOutcome.Refused(SettingResult.AboveCapacity, _table.Capacity);
        }

        if (entriesMax < 1)
        {
            return SettingOutcome.Refused(SettingResult.ValueInvalid, 1);
        }

        // A higher limit needs more buckets: they come first, so that the load stays what the table is made for.
        uint buckets = ConntrackMemory<Ipv4Tuple>.BucketsFor((uint)entriesMax, 0);
        ResizeStart start = buckets > _table.BucketCount ? Resize(buckets) : ResizeStart.Unchanged;
        if (start is not (ResizeStart.Begun or ResizeStart.Unchanged))
        {
            return Refused(start);
        }

        if (!_table.TrySetEntriesMax(entriesMax))
        {
            return SettingOutcome.Refused(SettingResult.ValueInvalid);
        }

        Log("limit", "", before, entriesMax);
        return SettingOutcome.Done(before, entriesMax);
    }

    public SettingOutcome SetZoneMax(ReadOnlySpan<byte> zoneName, long? entriesMax)
    {
        Span<char> characters = stackalloc char[ControlLimits.ZoneNameBytesMax];
        ReadOnlySpan<char> name = Encoding.UTF8.TryGetChars(zoneName, characters, out int length) ? characters[..length] : default;
        foreach (ZoneConfiguration zone in zones)
        {
            if (name.Equals(zone.Name, StringComparison.OrdinalIgnoreCase))
            {
                long? before = _table.ZoneMax(zone.Id);
                if (!_table.TrySetZoneMax(zone.Id, entriesMax))
                {
                    return SettingOutcome.Refused(SettingResult.ValueInvalid);
                }

                Log("limit of zone ", zone.Name, before, entriesMax);
                return SettingOutcome.Done(before, entriesMax);
            }
        }

        return SettingOutcome.Refused(SettingResult.ZoneUnknown);
    }

    public SettingOutcome SetBuckets(long buckets)
    {
        uint before = _table.BucketCount;
        ResizeStart start = Resize(buckets);
        if (start is not (ResizeStart.Begun or ResizeStart.Unchanged))
        {
            return Refused(start);
        }

        Log("buckets", "", before, _table.BucketCount);
        return SettingOutcome.Done(before, _table.BucketCount);
    }

    public SettingOutcome SetTimeout(ReadOnlySpan<byte> policyName, ConnectionState state, uint seconds)
    {
        int policy = PolicyIndex(policyName);
        if (policy < 0)
        {
            return SettingOutcome.Refused(SettingResult.PolicyUnknown);
        }

        // One aligned store of 32 bits: a worker reads the old value or the new one, for its next packet at the latest.
        ref TimeoutTable timeouts = ref router.Plan->Timeouts;
        uint before = timeouts.Seconds((byte)policy, state);
        timeouts.Set((byte)policy, state, seconds);
        Span<char> name = stackalloc char[ControlLimits.PolicyNameBytesMax];
        _ = Ascii.ToUtf16(TimeoutStates.Name(TimeoutStates.All.IndexOf(state)), name, out int length);
        Span<char> what = stackalloc char[LineBytesMax];
        _ = what.TryWrite($"seconds of {name[..length]}{(policy == 0 ? "" : " by policy ")}", out int whatLength);
        Log(what[..whatLength], policy == 0 ? "" : policies[policy - 1].Name, before, seconds);
        return SettingOutcome.Done(before, seconds);
    }

    /// <summary>Resizes the tables of both families alike; the limits they share are one already.</summary>
    private ResizeStart Resize(long buckets)
    {
        ResizeStart start = _table.TryResize(buckets);
        bool isAccepted = start is ResizeStart.Begun or ResizeStart.Unchanged;
        return isAccepted && router.Conntrack6 is { } table6 && table6.TryResize(buckets) is var start6
            && start6 is not (ResizeStart.Begun or ResizeStart.Unchanged)
            ? start6
            : start;
    }

    /// <summary>0 for the default policy, -1 for none of that name.</summary>
    private int PolicyIndex(ReadOnlySpan<byte> utf8)
    {
        Span<char> characters = stackalloc char[ControlLimits.PolicyNameBytesMax];
        ReadOnlySpan<char> name = Encoding.UTF8.TryGetChars(utf8, characters, out int length) ? characters[..length] : default;
        if (utf8.IsEmpty || name.Equals(TimeoutPolicyConfiguration.DefaultName, StringComparison.OrdinalIgnoreCase))
        {
            return 0;
        }

        for (int index = 0; index < policies.Length; index++)
        {
            if (name.Equals(policies[index].Name, StringComparison.OrdinalIgnoreCase))
            {
                return index + 1;
            }
        }

        return -1;
    }

    /// <summary>Writes a line without allocating.</summary>
    private void Log(ReadOnlySpan<char> what, ReadOnlySpan<char> name, long? before, long? after)
    {
        Span<byte> line = stackalloc byte[LineBytesMax];
        _ = Utf8.TryWrite(line, $"changed: {what}{name} ", out int length);
        length += Value(line[length..], before);
        " -> "u8.CopyTo(line[length..]);
        length += 4;
        length += Value(line[length..], after);
        line[length++] = (byte)'\n';
        log.Write(line[..length]);
        log.Flush();
    }

    private static int Value(Span<byte> text, long? value)
    {
        int length;
        _ = value is { } number ? Utf8.TryWrite(text, $"{number}", out length) : Utf8.TryWrite(text, $"none", out length);
        return length;
    }

    private SettingOutcome Refused(ResizeStart start) => start switch
    {
        // Only a smaller number of buckets can be too few.
        ResizeStart.TooFew => SettingOutcome.Refused(SettingResult.AbovePlaces, _table.BucketsLeastNow()),
        ResizeStart.TooMany => SettingOutcome.Refused(SettingResult.ValueInvalid, _table.BucketsMost),
        ResizeStart.Running => SettingOutcome.Refused(SettingResult.ResizeRunning),
        ResizeStart.OutOfMemory => SettingOutcome.Refused(SettingResult.OutOfMemory),
        _ => throw new ArgumentOutOfRangeException(nameof(start)),
    };
}
