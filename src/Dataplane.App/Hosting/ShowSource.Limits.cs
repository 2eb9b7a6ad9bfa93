using System;
using System.Text.Json;
using Dataplane.Conntrack;
using Dataplane.Control.Configuration;
using Dataplane.Control.Socket;
using Dataplane.Packet;

namespace Dataplane.App.Hosting;

/// <content>Limits, timeouts and figures of the connection table.</content>
internal sealed unsafe partial class ShowSource
{
    private ShowStep NextLimit(ref ShowCursor cursor, Utf8JsonWriter writer)
    {
        ConntrackMemory<Ipv4Tuple> table = _router.Conntrack;
        ConntrackMemory<Ipv6Tuple>? table6 = _router.Conntrack6;
        int row = (int)cursor.Position++;
        if (row > _zones.Length)
        {
            return ShowStep.End;
        }

        writer.WriteStartObject();
        if (row == 0)
        {
            writer.WriteNull("zone"u8);
            writer.WriteNumber("id"u8, 0);
            writer.WriteNumber("max"u8, table.EntriesMax);
            writer.WriteNumber("count"u8, table.Count() + (table6?.Count() ?? 0));
            writer.WriteNumber("refused"u8, table.Counters().TableFull + (table6?.Counters().TableFull ?? 0));
            writer.WriteNumber("capacity"u8, table.Capacity);
        }
        else
        {
            ushort zone = _zones[row - 1].Id;
            writer.WriteString("zone"u8, _zoneNames[row - 1]);
            writer.WriteNumber("id"u8, zone);
            if (table.ZoneMax(zone) is { } max)
            {
                writer.WriteNumber("max"u8, max);
            }
            else
            {
                writer.WriteNull("max"u8);
            }

            writer.WriteNumber("count"u8, Math.Max(table.ZoneEntries(zone, table6?.ZoneHeld(zone) ?? 0), 0));
            writer.WriteNumber("refused"u8, table.ZoneRefused(zone) + (table6?.ZoneRefused(zone) ?? 0));
        }

        writer.WriteEndObject();
        return ShowStep.Row;
    }

    private ShowStep NextTimeout(ref ShowCursor cursor, Utf8JsonWriter writer)
    {
        int states = TimeoutStates.All.Length;
        (int policy, int state) = Math.DivRem((int)cursor.Position++, states);
        if (policy > _policyNames.Length)
        {
            return ShowStep.End;
        }

        writer.WriteStartObject();
        if (policy == 0)
        {
            writer.WriteNull("policy"u8);
        }
        else
        {
            writer.WriteString("policy"u8, _policyNames[policy - 1]);
        }

        writer.WriteString("state"u8, TimeoutStates.Name(state));
        writer.WriteNumber("seconds"u8, _router.Plan->Timeouts.Seconds((byte)policy, TimeoutStates.All[state]));
        writer.WriteEndObject();
        return ShowStep.Row;
    }

    private void WriteTable(Utf8JsonWriter writer)
    {
        ConntrackMemory<Ipv4Tuple> table = _router.Conntrack;
        TableCounters counters = table.Counters();
        long places = (long)table.BucketCount * Bucket.Places;
        long entries = table.Count();
        writer.WriteStartObject();
        writer.WriteNumber("buckets"u8, table.BucketCount);
        writer.WriteNumber("places"u8, places);
        writer.WriteNumber("entries"u8, entries);
        writer.WriteNumber("load"u8, Math.Round(2.0 * entries / places, 4));
        writer.WriteNumber("capacity"u8, table.Capacity);
        writer.WriteNumber("previousBuckets"u8, table.PreviousBucketCount);
        writer.WriteNumber("movedBuckets"u8, table.MovedBucketCount);
        writer.WriteNumber("leftover"u8, table.LeftoverCount);
        writer.WriteNumber("resizes"u8, table.Resizes);
        writer.WriteNumber("searchRestarts"u8, counters.SearchRestart);
        writer.WriteNumber("chainTooLong"u8, counters.ChainTooLong);
        writer.WriteNumber("clashResolve"u8, counters.ClashResolve);
        writer.WriteNumber("insertFailed"u8, counters.InsertFailed);
        writer.WriteNumber("dying"u8, table.DyingCount());
        writer.WriteNumber("unconfirmed"u8, table.UnconfirmedCount());
        writer.WriteNumber("arenaBytes"u8, table.ArenaBytes);
        writer.WriteNumber("bucketBytes"u8, table.BucketBytes);
        writer.WriteEndObject();
    }
}
