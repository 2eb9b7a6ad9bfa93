using System.Runtime.CompilerServices;
using Dataplane.Packet;

namespace Dataplane.Datapath.Fragments;

/// <summary>Fragments on their way through a worker: each goes on with its datagram's tuple, waits, or is dropped.</summary>
/// <remarks>
/// <code>
/// if (Reassembly.Accept(context, ref env, packet, meta, tuple6, &amp;release))
/// {
///     do
///     {
///         the way of any packet, with meta->Fragment telling which headers there are
///     }
///     while (Reassembly.TryNext(context, ref env, meta, tuple6, &amp;release, out packet));
/// }
/// </code>
/// <para>
/// In any order, as RFC 4787 REQ-14 asks. A packet that goes on is of kind <see cref="PacketKind.Ipv4Tracked"/> or
/// <see cref="PacketKind.Ipv6Tracked"/> and has the datagram's whole tuple; its hash is not computed. From
/// <see cref="FragmentPart.Middle"/> on it has no transport header: what lies at <see cref="PacketMeta.L4"/> is data, and only
/// addresses may be written. Each fragment is a packet of its own to
/// accounting, TTL, MTU and the counters. No transport checksum of a fragmented datagram is verified: its bytes are never
/// in one place; the change that translation makes is added in the first fragment, so that a wrong sum stays wrong.
/// </para>
/// <para>
/// Nothing is reported to senders: that a datagram never became complete is for its receiver to say (RFC 792, code 1 of time
/// exceeded; RFC 4443 §3.3).
/// </para>
/// </remarks>
public static unsafe class Reassembly
{
    /// <summary>Sets that a worker looks at per round: all 512 within 32 rounds of one worker, 16 ms.</summary>
    private const uint SetsPerRound = 16;

    /// <summary>Takes a fragment in.</summary>
    /// <param name="context">The worker.</param>
    /// <param name="env">The worker's environment.</param>
    /// <param name="packet">The caller's no more if false is returned.</param>
    /// <param name="meta">Parsed, of a fragment kind; completed if true is returned.</param>
    /// <param name="tuple6">The packet's slot; of IPv6 the same.</param>
    /// <param name="release">Filled; behind a first fragment the way to those that waited for it.</param>
    /// <returns>Whether the packet goes on; it waits or was dropped otherwise.</returns>
    public static bool Accept<TEnv>(
        WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta, Ipv6Tuple* tuple6, FragmentRelease* release)
        where TEnv : struct, IEnvironment
    {
        FragmentTables* tables = context->Fragments;
        FragmentArrival arrival = new()
        {
            Packet = packet,
            NowNanoseconds = context->NowNanoseconds,
            OffsetBytes = meta->FragmentOffsetBytes,
            LengthBytes = meta->FragmentLengthBytes,
            Part = meta->Fragment,
            Port = meta->Port,
        };
        release->Ticket = 0;
        release->Next = 0;
        release->Batch.Count = 0;
        release->IsIpv6 = meta->Kind == PacketKind.Ipv6Fragment;
        FragmentVerdict verdict;
        if (meta->Fragment != FragmentPart.Last && meta->FragmentLengthBytes < tables->Shared.Limits.LengthBytesMin)
        {
            arrival.Reason = DropReason.FragmentTooSmall;
            verdict = FragmentVerdict.Drop;
        }
        else if (release->IsIpv6)
        {
            Ipv6Tuple key = *tuple6;
            SetId(ref key.SourcePort, ref key.DestinationPort, meta->FragmentId);
            key.Protocol = IpProtocol.Fragment;
            key.Kind = 0;
            Ipv6Tuple source = new() { Source = new Ipv6Address(key.Source.RawHigh, 0), Zone = key.Zone };
            arrival.Transport = FragmentTransport.Of(*tuple6);
            verdict = Enter(context, ref env, &tables->Ipv6, &key, &source, &arrival, release);
        }
        else
        {
            Ipv4Tuple key = meta->Tuple;
            SetId(ref key.SourcePort, ref key.DestinationPort, meta->FragmentId);
            key.Kind = 0;
            Ipv4Tuple source = new() { Source = key.Source, Zone = key.Zone };
            arrival.Transport = FragmentTransport.Of(meta->Tuple);
            verdict = Enter(context, ref env, &tables->Ipv4, &key, &source, &arrival, release);
        }

        switch (verdict)
        {
            case FragmentVerdict.First:
                release->Ticket = arrival.Index + 1;
                Complete(meta, tuple6, arrival.Transport, release->IsIpv6);
                return true;
            case FragmentVerdict.Forward:
                Complete(meta, tuple6, arrival.Transport, release->IsIpv6);
                return true;
            case FragmentVerdict.Held:
                return false;
            default:
                PacketSink.Drop(context, ref env, packet, arrival.Reason);
                return false;
        }
    }

    /// <summary>The next packet that waited for the first fragment that has just found its end, forwarded or not.</summary>
    /// <remarks>
    /// To be called until it returns false, whatever became of the first: the datagram's other fragments wait for it. At
    /// most <see cref="FragmentLimits.PerDatagramMax"/> packets come.
    /// </remarks>
    /// <param name="context">The worker.</param>
    /// <param name="env">The worker's environment.</param>
    /// <param name="meta">Filled; the first fragment's may be used again.</param>
    /// <param name="tuple6">Filled for IPv6, likewise.</param>
    /// <param name="release">From <see cref="Accept"/>.</param>
    /// <param name="packet">The caller's.</param>
    public static bool TryNext<TEnv>(
        WorkerContext* context, ref TEnv env, PacketMeta* meta, Ipv6Tuple* tuple6, FragmentRelease* release, out Mbuf* packet)
        where TEnv : struct, IEnvironment
    {
        packet = null;
        while (release->Ticket != 0)
        {
            FragmentBatch* batch = &release->Batch;
            if (release->Next == batch->Count && !TryRefill(context, release))
            {
                return false;
            }

            packet = (Mbuf*)batch->Packets[release->Next];
            byte port = batch->Ports[release->Next++];

            // Parsed again, which is cheaper than to keep 64 bytes for each packet that waits.
            DropReason reason = PacketParser.Parse<TrustL4Checksums>(packet, port, context->Plan->Ports[port].Zone, meta, tuple6);
            if (reason == DropReason.None)
            {
                Complete(meta, tuple6, batch->Transport, release->IsIpv6);
                return true;
            }

            PacketSink.Drop(context, ref env, packet, reason);
        }

        return false;
    }

    /// <summary>Drops what waits for a first fragment that tracking or translation refused, and what will come of its datagram.</summary>
    public static void Refuse<TEnv>(WorkerContext* context, ref TEnv env, FragmentRelease* release, DropReason reason)
        where TEnv : struct, IEnvironment
    {
        if (release->Ticket == 0)
        {
            return;
        }

        uint index = release->Ticket - 1;
        release->Ticket = 0;
        if (release->IsIpv6)
        {
            context->Fragments->Ipv6.Refuse(index, reason, &release->Batch);
        }
        else
        {
            context->Fragments->Ipv4.Refuse(index, reason, &release->Batch);
        }

        DropAll(context, ref env, &release->Batch);
    }

    /// <summary>Ends datagrams whose time is over: a few sets a round, in which no more than their packets can wait.</summary>
    public static void Maintain<TEnv>(WorkerContext* context, ref TEnv env)
        where TEnv : struct, IEnvironment
    {
        Sweep(context, ref env, &context->Fragments->Ipv4, SetsPerRound, context->NowNanoseconds);
        Sweep(context, ref env, &context->Fragments->Ipv6, SetsPerRound, context->NowNanoseconds);
    }

    /// <summary>Drops whatever waits; by one thread, after all workers have stopped.</summary>
    public static void Drain<TEnv>(WorkerContext* context, ref TEnv env)
        where TEnv : struct, IEnvironment
    {
        Sweep(context, ref env, &context->Fragments->Ipv4, uint.MaxValue, long.MaxValue);
        Sweep(context, ref env, &context->Fragments->Ipv6, uint.MaxValue, long.MaxValue);
        PacketSink.Flush(context, ref env);
    }

    private static FragmentVerdict Enter<TTuple, TEnv>(
        WorkerContext* context, ref TEnv env, FragmentTable<TTuple>* table, TTuple* key, TTuple* source, FragmentArrival* arrival,
        FragmentRelease* release)
        where TTuple : unmanaged, System.IEquatable<TTuple>
        where TEnv : struct, IEnvironment
    {
        FragmentBatch* victims = &release->Batch;
        arrival->Hash = table->Hash(key);
        arrival->SourceHash = table->Hash(source);
        FragmentVerdict verdict = table->Accept(key, arrival, victims);
        DropAll(context, ref env, victims);
        if (arrival->IsNew && table->Register(arrival) is ulong oldest and not 0)
        {
            table->End(oldest, victims, DropReason.FragmentSourceLimit);
            DropAll(context, ref env, victims);
        }

        if (verdict == FragmentVerdict.Held)
        {
            context->Counters->HeldIn++;
            EndLongestWait(context, ref env, FragmentShared.Reference(arrival->Index, arrival->Generation, release->IsIpv6), victims);
        }

        return verdict;
    }

    /// <summary>Enters a packet among those that wait, and ends the datagram whose place it takes.</summary>
    private static void EndLongestWait<TEnv>(WorkerContext* context, ref TEnv env, ulong waiting, FragmentBatch* victims)
        where TEnv : struct, IEnvironment
    {
        FragmentTables* tables = context->Fragments;
        ulong oldest = tables->Shared.Exchange(waiting);
        if (oldest == 0)
        {
            return;
        }

        if (FragmentShared.IsIpv6(oldest))
        {
            tables->Ipv6.End(oldest, victims, DropReason.FragmentTableFull);
        }
        else
        {
            tables->Ipv4.End(oldest, victims, DropReason.FragmentTableFull);
        }

        DropAll(context, ref env, victims);
    }

    private static void Sweep<TTuple, TEnv>(
        WorkerContext* context, ref TEnv env, FragmentTable<TTuple>* table, uint sets, long nowNanoseconds)
        where TTuple : unmanaged, System.IEquatable<TTuple>
        where TEnv : struct, IEnvironment
    {
        if (table->Used == 0)
        {
            return;
        }

        FragmentBatch victims;
        uint set = table->NextSets(ref sets);
        for (uint last = set + sets; set != last; set++)
        {
            while (table->TryExpire(set, nowNanoseconds, &victims))
            {
                DropAll(context, ref env, &victims);
            }
        }
    }

    /// <summary>Asks the datagram's record for what has come meanwhile.</summary>
    private static bool TryRefill(WorkerContext* context, FragmentRelease* release)
    {
        FragmentBatch* batch = &release->Batch;
        uint index = release->Ticket - 1;
        bool isAny = release->IsIpv6 ? context->Fragments->Ipv6.Take(index, batch) : context->Fragments->Ipv4.Take(index, batch);
        context->Counters->HeldOut += (uint)batch->Count;
        release->Next = 0;
        release->Ticket = isAny ? release->Ticket : 0;
        return isAny;
    }

    private static void DropAll<TEnv>(WorkerContext* context, ref TEnv env, FragmentBatch* victims)
        where TEnv : struct, IEnvironment
    {
        context->Counters->HeldOut += (uint)victims->Count;
        for (int index = 0; index < victims->Count; index++)
        {
            PacketSink.Drop(context, ref env, (Mbuf*)victims->Packets[index], victims->Reason);
        }

        victims->Count = 0;
    }

    /// <summary>Makes a fragment a packet of its datagram's connection.</summary>
    private static void Complete(PacketMeta* meta, Ipv6Tuple* tuple6, FragmentTransport transport, bool isIpv6)
    {
        meta->Hash = 0;
        if (isIpv6)
        {
            meta->Kind = PacketKind.Ipv6Tracked;
            meta->Tuple.Protocol = transport.Protocol;
            transport.CopyTo(ref *tuple6);
        }
        else
        {
            meta->Kind = PacketKind.Ipv4Tracked;
            transport.CopyTo(ref meta->Tuple);
        }
    }

    /// <summary>The identification stands where the ports stand in a tuple.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SetId(ref Be16 high, ref Be16 low, uint id)
    {
        high = Be16.FromRaw((ushort)(id >> 16));
        low = Be16.FromRaw((ushort)id);
    }
}
