using System;
using System.IO;
using System.Text;
using System.Text.Unicode;
using Dataplane.Conntrack;
using Dataplane.Control.Configuration;
using Dataplane.Control.Socket;
using Dataplane.Packet;

namespace Dataplane.App.Hosting;

/// <summary>Changes the running connection table for the control socket, and says so in the log.</summary>
/// <param name="table">The router's.</param>
/// <param name="zones">Those with a name.</param>
/// <param name="log">Takes one line for each change.</param>
internal sealed class TableSettings(ConntrackMemory<Ipv4Tuple> table, ZoneConfiguration[] zones, Stream log) : ITableSettings
{
    private const int LineBytesMax = 160;

    public SettingOutcome SetEntriesMax(long entriesMax)
    {
        long before = table.EntriesMax;
        if (entriesMax > table.Capacity)
        {
            return SettingOutcome.Refused(SettingResult.AboveCapacity, table.Capacity);
        }

        if (entriesMax < 1)
        {
            return SettingOutcome.Refused(SettingResult.ValueInvalid, 1);
        }

        // A higher limit needs more buckets: they come first, so that the load stays what the table is made for.
        uint buckets = ConntrackMemory<Ipv4Tuple>.BucketsFor((uint)entriesMax, 0);
        if (buckets > table.BucketCount)
        {
            ResizeStart start = table.TryResize(buckets);
            if (start is not (ResizeStart.Begun or ResizeStart.Unchanged))
            {
                return Refused(start);
            }
        }

        if (!table.TrySetEntriesMax(entriesMax))
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
                long? before = table.ZoneMax(zone.Id);
                if (!table.TrySetZoneMax(zone.Id, entriesMax))
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
        uint before = table.BucketCount;
        ResizeStart start = table.TryResize(buckets);
        if (start is not (ResizeStart.Begun or ResizeStart.Unchanged))
        {
            return Refused(start);
        }

        Log("buckets", "", before, table.BucketCount);
        return SettingOutcome.Done(before, table.BucketCount);
    }

    /// <summary>Writes a line without allocating.</summary>
    private void Log(string what, string name, long? before, long? after)
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
        ResizeStart.TooFew => SettingOutcome.Refused(SettingResult.AbovePlaces, table.BucketsLeastNow()),
        ResizeStart.TooMany => SettingOutcome.Refused(SettingResult.ValueInvalid, ControlLimits.BucketsMax),
        ResizeStart.Running => SettingOutcome.Refused(SettingResult.ResizeRunning),
        ResizeStart.OutOfMemory => SettingOutcome.Refused(SettingResult.OutOfMemory),
        _ => throw new ArgumentOutOfRangeException(nameof(start)),
    };
}
