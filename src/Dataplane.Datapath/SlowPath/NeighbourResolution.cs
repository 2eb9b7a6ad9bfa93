using Dataplane.Datapath.SlowPath.Ipv6;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath;

/// <summary>Asks for next hops, holds packets meanwhile, and notices when a neighbour is gone.</summary>
/// <remarks>
/// Every method takes the neighbour table's lock for a few memory accesses and lets go of it before it sends anything.
/// </remarks>
public static unsafe class NeighbourResolution
{
    private const uint RecordsPerRound = 256;

    /// <summary>Finds or adds the neighbour that a next hop means; a new one starts as Failed with its first request
    /// due.</summary>
    /// <param name="context">The worker.</param>
    /// <param name="nextHop">Connected or gateway.</param>
    /// <param name="destination">The neighbour itself where the next hop is connected.</param>
    /// <param name="adjacency">The neighbour's state, read under the same lock: an index that has been usable is never
    /// recycled.</param>
    /// <param name="isRefused">The neighbour did not answer and it is too early to ask again.</param>
    /// <returns>0 when there is no room.</returns>
    public static uint Find(WorkerContext* context, NextHop* nextHop, Ipv6Address destination, out Adjacency adjacency, out bool isRefused)
    {
        NeighbourTable* table = context->Neighbours;
        table->Enter();
        uint index = table->FindOrAdd(context->Plan, nextHop->Port, AddressOf(nextHop, destination));
        adjacency = table->Adjacencies[index];
        isRefused = index != 0 && adjacency.State == NeighbourState.Failed
            && table->Record(index)->DueNanoseconds > context->NowNanoseconds;
        table->Exit();
        return index;
    }

    /// <summary>Keeps a finished packet until its neighbour answers, and asks if nobody has.</summary>
    public static void Hold<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, NextHop* nextHop, Ipv6Address destination)
        where TEnv : struct, IEnvironment
    {
        // Found anew under the lock that holds the packet: an index that never answered may have been given to another address.
        Ipv6Address address = AddressOf(nextHop, destination);
        byte port = nextHop->Port;
        NeighbourTable* table = context->Neighbours;
        table->Enter();
        uint index = table->FindOrAdd(context->Plan, port, address);
        Adjacency adjacency = table->Adjacencies[index];
        bool asks = false;
        DropReason reason = index == 0 ? DropReason.NeighbourTableFull : DropReason.None;
        if (index != 0 && !adjacency.IsUsable)
        {
            reason = Enqueue(context, table, index, packet, out asks);
        }

        table->Exit();
        if (reason != DropReason.None)
        {
            PacketSink.Drop(context, ref env, packet, reason);
        }
        else if (adjacency.IsUsable)
        {
            // It answered another worker between our look and the lock.
            Stages.Forward.Send(context, ref env, packet, packet->Data + EthernetHeader.SizeBytes, adjacency);
        }

        if (asks)
        {
            Ask(context, ref env, port, address, knownMac48: 0);
        }
    }

    /// <summary>Puts a packet behind a neighbour that cannot be used yet; only under the lock.</summary>
    private static DropReason Enqueue(WorkerContext* context, NeighbourTable* table, uint index, Mbuf* packet, out bool asks)
    {
        NeighbourRecord* record = table->Record(index);
        asks = false;
        if (table->Adjacencies[index].State == NeighbourState.Failed)
        {
            if (record->DueNanoseconds > context->NowNanoseconds)
            {
                return DropReason.NeighbourUnresolved;
            }

            asks = true;
            record->Requests = 1;
            record->DueNanoseconds = context->NowNanoseconds + NeighbourTable.RequestIntervalNanoseconds;
            table->SetState(context->Plan, index, NeighbourState.Resolving);
        }

        if (record->HeldCount == NeighbourRecord.HeldMax || !table->TryHold())
        {
            return DropReason.NeighbourQueueFull;
        }

        record->HeldPackets[record->HeldCount++] = (ulong)packet;
        context->Counters->HeldIn++;
        return DropReason.None;
    }

    private static Ipv6Address AddressOf(NextHop* nextHop, Ipv6Address destination) =>
        nextHop->Kind == NextHopKind.Gateway ? nextHop->Gateway : destination;

    /// <summary>Takes an ARP answer in, if the address was ever asked for, and sends what waited.</summary>
    public static void Learn<TEnv>(WorkerContext* context, ref TEnv env, byte port, Ipv6Address address, MacAddress mac)
        where TEnv : struct, IEnvironment
    {
        ulong* held = stackalloc ulong[NeighbourRecord.HeldMax];
        int heldCount = 0;
        NeighbourTable* table = context->Neighbours;
        table->Enter();
        uint index = table->Find(port, address);
        if (index != 0)
        {
            heldCount = Use(context, index, mac.Raw48, NeighbourState.Reachable, held);
        }

        table->Exit();
        Release(context, ref env, index, held, heldCount);
    }

    /// <summary>Takes in what neighbour discovery says of an address, if it is known here, and sends what waited.</summary>
    public static void Observe<TEnv>(
        WorkerContext* context, ref TEnv env, byte port, Ipv6Address address, in NeighbourEvidence evidence)
        where TEnv : struct, IEnvironment
    {
        ulong* held = stackalloc ulong[NeighbourRecord.HeldMax];
        int heldCount = 0;
        NeighbourTable* table = context->Neighbours;
        table->Enter();
        uint index = table->Find(port, address);
        NeighbourState state = table->Adjacencies[index].State;
        ulong mac48 = table->Adjacencies[index].Mac48;
        if (index != 0 && evidence.Apply(ref state, ref mac48))
        {
            heldCount = Use(context, index, mac48, state, held);
        }

        table->Exit();
        Release(context, ref env, index, held, heldCount);
    }

    /// <summary>Makes a neighbour usable and takes what waited for it; only under the lock.</summary>
    private static int Use(WorkerContext* context, uint index, ulong mac48, NeighbourState state, ulong* held)
    {
        NeighbourTable* table = context->Neighbours;
        NeighbourRecord* record = table->Record(index);
        record->WasReachable = true;
        record->Requests = 0;
        record->DueNanoseconds = context->NowNanoseconds
            + (state == NeighbourState.Reachable ? NeighbourTable.ReachableNanoseconds : NeighbourTable.StaleNanoseconds);
        table->Set(context->Plan, index, mac48, state);
        return TakeHeld(table, record, held);
    }

    /// <summary>Sends what waited; not under the lock.</summary>
    private static void Release<TEnv>(WorkerContext* context, ref TEnv env, uint index, ulong* held, int heldCount)
        where TEnv : struct, IEnvironment
    {
        context->Counters->HeldOut += (uint)heldCount;
        Adjacency adjacency = Adjacency.Load(context->Neighbours->Adjacencies + index);
        for (int position = 0; position < heldCount; position++)
        {
            Mbuf* packet = (Mbuf*)held[position];
            Stages.Forward.Send(context, ref env, packet, packet->Data + EthernetHeader.SizeBytes, adjacency);
        }
    }

    /// <summary>Looks after this worker's share of the neighbours: repeats requests, gives up, asks again in time.</summary>
    public static void Maintain<TEnv>(WorkerContext* context, ref TEnv env)
        where TEnv : struct, IEnvironment
    {
        NeighbourTable* table = context->Neighbours;
        uint used = table->Used;

        // Wraps around within a round: one that ended at the last record would, under a scan that adds a record per
        // round, only ever look at the newest.
        uint looks = used < RecordsPerRound ? used : RecordsPerRound;
        for (; looks > 0; looks--)
        {
            context->NeighbourCursor = context->NeighbourCursor < used ? context->NeighbourCursor + 1 : 1;
            uint index = context->NeighbourCursor;
            if (index % (uint)context->WorkerCount == (uint)context->WorkerIndex)
            {
                MaintainOne(context, ref env, index);
            }
        }
    }

    private static void MaintainOne<TEnv>(WorkerContext* context, ref TEnv env, uint index)
        where TEnv : struct, IEnvironment
    {
        ulong* held = stackalloc ulong[NeighbourRecord.HeldMax];
        int heldCount = 0;
        NeighbourTable* table = context->Neighbours;
        table->Enter();
        NeighbourRecord* record = table->Record(index);
        NeighbourState state = table->Adjacencies[index].State;
        bool isDue = state is NeighbourState.Resolving or NeighbourState.Reachable or NeighbourState.Stale
            && record->DueNanoseconds <= context->NowNanoseconds;
        bool asks = isDue && record->Requests < NeighbourTable.RequestsMax;
        if (asks)
        {
            record->Requests++;
            record->DueNanoseconds = context->NowNanoseconds + NeighbourTable.RequestIntervalNanoseconds;
            if (state == NeighbourState.Reachable)
            {
                table->SetState(context->Plan, index, NeighbourState.Stale);
            }
        }
        else if (isDue)
        {
            record->Requests = 0;
            record->DueNanoseconds = context->NowNanoseconds + NeighbourTable.FailedNanoseconds;
            table->Set(context->Plan, index, 0, NeighbourState.Failed);
            heldCount = TakeHeld(table, record, held);
        }

        byte port = record->Port;
        Ipv6Address address = record->Address;
        ulong mac48 = table->Adjacencies[index].Mac48;
        table->Exit();
        if (asks)
        {
            Ask(context, ref env, port, address, mac48);
        }

        context->Counters->HeldOut += (uint)heldCount;
        for (int position = 0; position < heldCount; position++)
        {
            if (!address.IsIpv4Mapped)
            {
                Icmpv6Errors.ReportUnresolved(context, ref env, (Mbuf*)held[position], port);
            }

            PacketSink.Drop(context, ref env, (Mbuf*)held[position], DropReason.NeighbourUnresolved);
        }
    }

    private static void Ask<TEnv>(WorkerContext* context, ref TEnv env, byte port, Ipv6Address address, ulong knownMac48)
        where TEnv : struct, IEnvironment
    {
        if (!address.IsIpv4Mapped)
        {
            NeighbourMessages.Ask(context, ref env, port, address, knownMac48);
            return;
        }

        Ipv4Address target = address.MappedIpv4;
        Arp.Request(context, ref env, port, Arp.SenderFor(context->Plan, port, target), target);
    }

    private static int TakeHeld(NeighbourTable* table, NeighbourRecord* record, ulong* held)
    {
        int count = record->HeldCount;
        for (int position = 0; position < count; position++)
        {
            held[position] = record->HeldPackets[position];
        }

        record->HeldCount = 0;
        table->Unhold(count);
        return count;
    }
}
