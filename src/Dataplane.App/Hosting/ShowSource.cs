using System;
using System.Runtime.InteropServices;
using System.Text.Json;
using Dataplane.Conntrack;
using Dataplane.Control.Configuration;
using Dataplane.Control.Socket;
using Dataplane.Datapath;
using Dataplane.Packet;

namespace Dataplane.App.Hosting;

/// <summary>Reads the running router for the control socket: counters as they stand, tables by cursor, nothing
/// allocated per row.</summary>
internal sealed unsafe partial class ShowSource : IShowSource, IDisposable
{
    /// <summary>Entries looked at for one row before other clients have their turn.</summary>
    private const uint ScanMax = 4096;

    private readonly Router _router;
    private readonly OpenPort[] _ports;
    private readonly uint[] _lcores;
    private readonly ZoneConfiguration[] _zones;
    private readonly JsonEncodedText[] _zoneNames;
    private readonly JsonEncodedText[] _policyNames;
    private readonly JsonEncodedText[] _dropLabels;
    private readonly JsonEncodedText[] _dropDescriptions;
    private readonly byte* _entry = (byte*)NativeMemory.AlignedAlloc((nuint)Entry<Ipv6Tuple>.SizeBytes, 64);
    private readonly long _startMilliseconds = Environment.TickCount64;

    public ShowSource(
        Router router, OpenPort[] ports, uint[] lcores, ZoneConfiguration[] zones, TimeoutPolicyConfiguration[] policies)
    {
        _zones = zones;
        _zoneNames = Array.ConvertAll(zones, zone => JsonEncodedText.Encode(zone.Name));
        _policyNames = Array.ConvertAll(policies, policy => JsonEncodedText.Encode(policy.Name));
        _router = router;
        _ports = ports;
        _lcores = lcores;
        _dropLabels = new JsonEncodedText[DropReasons.Count];
        _dropDescriptions = new JsonEncodedText[DropReasons.Count];
        for (int reason = 0; reason < DropReasons.Count; reason++)
        {
            _dropLabels[reason] = JsonEncodedText.Encode(DropReasons.Label((DropReason)reason));
            _dropDescriptions[reason] = JsonEncodedText.Encode(DropReasons.Description((DropReason)reason));
        }
    }

    public ShowStep Next(ShowTopic topic, ref ShowCursor cursor, Utf8JsonWriter writer) => topic switch
    {
        ShowTopic.Limits => NextLimit(ref cursor, writer),
        ShowTopic.Status or ShowTopic.Version or ShowTopic.Ports or ShowTopic.Workers or ShowTopic.Table =>
            NextOfFew(topic, ref cursor, writer),
        ShowTopic.Drops => NextDrop(ref cursor, writer),
        ShowTopic.Routes => NextRoute(ref cursor, writer),
        ShowTopic.Neighbours => NextNeighbour(ref cursor, writer),
        ShowTopic.Conntrack => NextConnection(ref cursor, writer),
        ShowTopic.Timeouts => NextTimeout(ref cursor, writer),
        _ => ShowStep.End,
    };

    public void EndBatch()
    {
        // Rows are copied while they are read: nothing of a table stays in hand.
    }

    public void Dispose() => NativeMemory.AlignedFree(_entry);

    private void WriteStatus(Utf8JsonWriter writer)
    {
        TableCounters table = _router.Conntrack.Counters();
        TableCounters table6 = _router.Conntrack6?.Counters() ?? default;
        table.Add(&table6);
        writer.WriteStartObject();
        writer.WriteNumber("uptimeSeconds"u8, (Environment.TickCount64 - _startMilliseconds) / 1000);
        writer.WriteNumber("connections"u8, (long)(table.Insert - table.Delete));
        writer.WriteNumber("connectionsMax"u8, _router.Conntrack.EntriesMax);
        writer.WriteNumber("inserted"u8, table.Insert);
        writer.WriteNumber("deleted"u8, table.Delete);
        writer.WriteNumber("expired"u8, table.Expired);
        writer.WriteNumber("insertFailed"u8, table.InsertFailed);
        writer.WriteNumber("chainTooLong"u8, table.ChainTooLong);
        writer.WriteNumber("clashResolve"u8, table.ClashResolve);
        writer.WriteNumber("searchRestart"u8, table.SearchRestart);
        writer.WriteNumber("collections"u8, GC.CollectionCount(0));
        writer.WriteNumber("allocatedBytes"u8, GC.GetTotalAllocatedBytes());
        writer.WriteNumber("compiledMethods"u8, System.Runtime.JitInfo.GetCompiledMethodCount());
        writer.WriteEndObject();
    }

    private static void WriteVersion(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("version"u8, ProductVersion.Text);
        writer.WriteEndObject();
    }

    private void WriteWorker(int worker, Utf8JsonWriter writer)
    {
        WorkerContext* context = _router.Context(worker);
        WorkerCounters* counters = context->Counters;
        writer.WriteStartObject();
        writer.WriteNumber("worker"u8, worker);
        writer.WriteNumber("lcore"u8, _lcores[worker]);
        writer.WriteNumber("received"u8, counters->Received);
        writer.WriteNumber("made"u8, counters->Made);
        writer.WriteNumber("transmitted"u8, counters->Transmitted);
        writer.WriteNumber("consumed"u8, counters->Consumed);
        writer.WriteNumber("dropped"u8, counters->Dropped);

        // One worker may take out what another held: single figures may be negative, their sum is exact.
        writer.WriteNumber("held"u8, (long)(counters->HeldIn - counters->HeldOut));
        writer.WriteNumber("found"u8, counters->Found);
        writer.WriteNumber("opened"u8, counters->Opened);
        writer.WriteNumber("noBuffer"u8, counters->NoBuffer);
        writer.WriteNumber("polls"u8, counters->Polls);
        writer.WriteNumber("emptyPolls"u8, counters->EmptyPolls);
        writer.WriteNumber("compiledMethods"u8, counters->CompiledMethods);
        writer.WriteNumber("allocatedBytes"u8, counters->AllocatedBytes);
        writer.WriteStartArray("queues"u8);
        for (int queue = 0; queue < context->ReceiveQueueCount; queue++)
        {
            writer.WriteStartObject();
            writer.WriteString("port"u8, _ports[context->ReceiveQueues[queue].Port].JsonName);
            writer.WriteNumber("queue"u8, context->ReceiveQueues[queue].Queue);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private ShowStep NextDrop(ref ShowCursor cursor, Utf8JsonWriter writer)
    {
        // Position 0 is "none".
        int reason = (int)++cursor.Position;
        if (reason >= DropReasons.Count)
        {
            return ShowStep.End;
        }

        ulong packets = 0;
        for (int worker = 0; worker < _router.Workers; worker++)
        {
            packets += _router.Context(worker)->Counters->Drops[reason];
        }

        writer.WriteStartObject();
        writer.WriteString("reason"u8, _dropLabels[reason]);
        writer.WriteNumber("packets"u8, packets);
        writer.WriteString("description"u8, _dropDescriptions[reason]);
        writer.WriteEndObject();
        return ShowStep.Row;
    }

    private ShowStep NextOfFew(ShowTopic topic, ref ShowCursor cursor, Utf8JsonWriter writer)
    {
        int count = topic switch { ShowTopic.Ports => _ports.Length, ShowTopic.Workers => _router.Workers, _ => 1 };
        int index = (int)cursor.Position;
        if (index >= count)
        {
            return ShowStep.End;
        }

        cursor.Position++;
        switch (topic)
        {
            case ShowTopic.Status:
                WriteStatus(writer);
                break;
            case ShowTopic.Version:
                WriteVersion(writer);
                break;
            case ShowTopic.Table:
                WriteTable(writer);
                break;
            case ShowTopic.Ports:
                WritePort(index, writer);
                break;
            default:
                WriteWorker(index, writer);
                break;
        }

        return ShowStep.Row;
    }
}
