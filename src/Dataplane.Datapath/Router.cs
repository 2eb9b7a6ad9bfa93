using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Threading;
using Dataplane.Conntrack;
using Dataplane.Datapath.Fragments;
using Dataplane.Datapath.SlowPath;
using Dataplane.Datapath.SlowPath.Ipv6;
using Dataplane.Nat;
using Dataplane.Packet;

namespace Dataplane.Datapath;

/// <summary>Owns everything that workers share, and each worker's native context.</summary>
/// <remarks>Built at start; after that nothing here allocates. Workers run on <see cref="Context"/>.</remarks>
public sealed unsafe class Router : IDisposable
{
    private readonly void* _neighbourMemory;
    private readonly void*[] _blocks;
    private readonly NativeArena _arena;
    private readonly LinkState* _links;
    private int _stop;

    /// <summary>Allocates tables, rings and workers' scratch for a plan.</summary>
    /// <param name="plan">Owned by the caller, who frees it after the router.</param>
    /// <param name="size">The connection table's size; its worker count is the assignment's.</param>
    /// <param name="assignment">Queues and workers.</param>
    /// <param name="seed">Null for unpredictable ports; a number makes runs repeatable, for tests only.</param>
    /// <param name="size6">The IPv6 connection table's size; null for a router that drops IPv6.</param>
    /// <param name="fragments">Null for the default limits.</param>
    public Router(
        Plan* plan, ConntrackSize size, QueueAssignment assignment, ulong? seed = null, ConntrackSize? size6 = null,
        FragmentLimits? fragments = null)
    {
        ArgumentNullException.ThrowIfNull(size);
        ArgumentNullException.ThrowIfNull(assignment);
        ArgumentOutOfRangeException.ThrowIfNotEqual(size.Workers, assignment.Workers);
        ArgumentOutOfRangeException.ThrowIfNotEqual(size6?.Workers ?? assignment.Workers, assignment.Workers, nameof(size6));
        Plan = plan;
        Assignment = assignment;

        // One maximum, and one for each zone, over both families.
        Conntrack = new ConntrackMemory<Ipv4Tuple>(size with { LimitSharers = size6 is null ? 1 : 2 });
        Conntrack6 = size6 is null ? null : new ConntrackMemory<Ipv6Tuple>(size6, Conntrack.Limits);
        _arena = new NativeArena();
        _blocks = new void*[assignment.Workers];
        _neighbourMemory = _arena.Take(sizeof(NeighbourTable) + NeighbourTable.MemoryBytes + 64);
        Neighbours = (NeighbourTable*)_neighbourMemory;
        ulong salt = seed ?? BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        Neighbours->Initialize((byte*)_neighbourMemory + (sizeof(NeighbourTable) + 63 & ~63), salt);
        FragmentLimits limits = fragments ?? new FragmentLimits();
        Fragments = FragmentTables.Create((byte*)_arena.Take(FragmentTables.MemoryBytes(limits)), limits, seed);
        _links = BuildLinks();
        for (int worker = 0; worker < assignment.Workers; worker++)
        {
            _blocks[worker] = BuildContext(worker, seed);
        }

        ConnectRings();
    }

    public Plan* Plan { get; }

    public QueueAssignment Assignment { get; }

    public ConntrackMemory<Ipv4Tuple> Conntrack { get; }

    /// <summary>The IPv6 connection table; null when the router has no IPv6.</summary>
    public ConntrackMemory<Ipv6Tuple>? Conntrack6 { get; }

    public NeighbourTable* Neighbours { get; }

    public FragmentTables* Fragments { get; }

    public int Workers => Assignment.Workers;

    /// <summary>Native bytes beside the connection table.</summary>
    public long ScratchBytes => _arena.TotalBytes;

    /// <summary>Whether workers have been asked to end.</summary>
    public bool IsStopping => Volatile.Read(ref _stop) != 0;

    /// <summary>A worker's context; valid until <see cref="Dispose"/>.</summary>
    public WorkerContext* Context(int worker) => (WorkerContext*)_blocks[worker];

    /// <summary>Asks workers to return from their loops.</summary>
    public void Stop() => Volatile.Write(ref _stop, 1);

    /// <summary>The workers' counters, summed; exact when they rest.</summary>
    public WorkerCounters Totals()
    {
        WorkerCounters sum = default;
        for (int worker = 0; worker < Workers; worker++)
        {
            WorkerCounters* part = Context(worker)->Counters;
            ulong* from = (ulong*)part;
            ulong* to = (ulong*)&sum;
            for (int field = 0; field < sizeof(WorkerCounters) / sizeof(ulong); field++)
            {
                to[field] += from[field];
            }
        }

        return sum;
    }

    public void Dispose()
    {
        // The limits that both use are in the other's memory.
        Conntrack6?.Dispose();
        Conntrack.Dispose();
        _arena.Dispose();
    }

    private WorkerContext* BuildContext(int worker, ulong? seed)
    {
        WorkerContext* context = Take<WorkerContext>(1);
        context->Plan = Plan;
        context->Table = Conntrack.Table;
        context->Slot = Conntrack.Slot(worker);
        context->Pool = Conntrack.Pool;
        if (Conntrack6 is not null)
        {
            context->Table6 = Conntrack6.Table;
            context->Slot6 = Conntrack6.Slot(worker);
            context->Pool6 = Conntrack6.Pool;
            context->Links = _links;
        }

        context->Neighbours = Neighbours;
        context->Fragments = Fragments;
        context->Effects = Take<uint>(Trackers.Transitions.Length);
        Trackers.CopyEffects(new Span<uint>(context->Effects, Trackers.Transitions.Length));
        context->IcmpLimiter = Take<RateLimiter>(1);
        context->IcmpLimiter->Initialize((uint)RandomNumberGenerator.GetInt32(int.MaxValue));
        context->Random = Take<PortRandom>(1);
        if (seed is ulong value)
        {
            context->Random->InitializeFrom(value + (uint)worker);
        }
        else
        {
            context->Random->Initialize();
        }

        context->Counters = Take<WorkerCounters>(1);
        context->WorkerIndex = worker;
        context->WorkerCount = Workers;
        context->IsShared = Workers > 1;
        context->Burst = (Mbuf**)Take<ulong>(WorkerContext.BurstMax);
        context->Metas = Take<PacketMeta>(WorkerContext.BurstMax);
        context->Tuples6 = Take<Ipv6Tuple>(WorkerContext.BurstMax);
        context->Tracked.Positions = Take<int>(WorkerContext.BurstMax);
        context->Tracked6.Positions = Take<int>(WorkerContext.BurstMax);
        context->Slow = Take<int>(WorkerContext.BurstMax);
        context->Admissions = Take<Admission>(WorkerContext.AdmissionsMax);
        context->Admissions6 = Take<Admission6>(Conntrack6 is null ? 0 : WorkerContext.AdmissionsMax);
        context->FreeList = (Mbuf**)Take<ulong>(WorkerContext.FreeMax);
        BuildQueues(context, worker);
        return context;
    }

    private LinkState* BuildLinks()
    {
        LinkState* links = Take<LinkState>(1);
        links->Addresses = Take<OwnAddress>(Plan->Address6Section.Count);
        links->Ports = Take<Advertiser>(Plan->PortSection.Count);
        links->Listeners = Take<Listener>(Plan->PortSection.Count);
        return links;
    }

    private void BuildQueues(WorkerContext* context, int worker)
    {
        context->ReceiveQueueCount = Assignment.ReceiveQueues(worker).Count;
        context->ReceiveQueues = Take<ReceiveQueue>(context->ReceiveQueueCount);
        for (int index = 0; index < context->ReceiveQueueCount; index++)
        {
            context->ReceiveQueues[index] = Assignment.ReceiveQueues(worker)[index];
        }

        context->PortCount = Plan->PortSection.Count;
        context->Transmit = Take<TransmitBuffer>(context->PortCount);
        context->OwnedRings = Take<OwnedRing>(context->PortCount * Workers);
        for (int port = 0; port < context->PortCount; port++)
        {
            context->Transmit[port].Packets = (Mbuf**)Take<ulong>(WorkerContext.TransmitMax);
            context->Transmit[port].Queue = Assignment.TransmitQueue(worker, port);
        }
    }

    private void ConnectRings()
    {
        for (int worker = 0; worker < Workers; worker++)
        {
            for (int port = 0; port < Plan->PortSection.Count; port++)
            {
                TransmitBuffer* buffer = Context(worker)->Transmit + port;
                if (buffer->Queue < 0)
                {
                    buffer->Ring = Take<HandoverRing>(1);
                    WorkerContext* owner = Context(Assignment.TransmitOwner(worker, port));
                    owner->OwnedRings[owner->OwnedRingCount++] = new OwnedRing { Ring = buffer->Ring, Port = (byte)port };
                }
            }
        }
    }

    private T* Take<T>(int count)
        where T : unmanaged => (T*)_arena.Take(Unsafe.SizeOf<T>() * Math.Max(count, 1));
}
