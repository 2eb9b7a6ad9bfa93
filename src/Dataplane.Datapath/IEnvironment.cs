using Dataplane.Packet;

namespace Dataplane.Datapath;

/// <summary>All that a worker asks of the world: ports, buffers, routes, time. One struct per worker.</summary>
/// <remarks>
/// The datapath is generic over this struct, so calls are direct and the whole of it runs without a driver: tests, the
/// simulator and benchmarks bring memory ports, the router brings DPDK. Members are called from the worker's thread only.
/// </remarks>
public unsafe interface IEnvironment
{
    /// <summary>Takes up to <paramref name="count"/> received packets; an ordinary native call at least once per poll, so
    /// that the garbage collector can stop the thread.</summary>
    int ReceiveBurst(ushort port, ushort queue, Mbuf** packets, int count);

    /// <summary>Hands packets to a queue that only this worker uses.</summary>
    /// <returns>How many, from the front, the queue took; the rest is still the caller's.</returns>
    int TransmitBurst(ushort port, ushort queue, Mbuf** packets, int count);

    /// <summary>An empty buffer with headroom and one reference, or null.</summary>
    Mbuf* Allocate();

    /// <summary>Gives buffers back.</summary>
    void Free(Mbuf** packets, int count);

    /// <summary>Longest-prefix match in the plan's routes.</summary>
    /// <param name="plan">The plan whose <see cref="Plan.RouteTable"/> is asked.</param>
    /// <param name="destination">Host order.</param>
    /// <returns>Index into the plan's next hops; 0, which is "none", when nothing matches.</returns>
    int LookupRoute(Plan* plan, uint destination);

    /// <summary>Longest-prefix match in the plan's IPv6 routes.</summary>
    /// <param name="plan">The plan whose <see cref="Plan.RouteTable6"/> is asked; it may have none.</param>
    /// <param name="destination">Anything but a link-local or multicast address, which no route leads to.</param>
    /// <returns>Index into the plan's next hops; 0, which is "none", when nothing matches.</returns>
    int LookupRoute6(Plan* plan, Ipv6Address* destination);

    /// <summary>Monotonic time, nanoseconds since an arbitrary start, never negative.</summary>
    long NowNanoseconds();

    /// <summary>Eases a spinning core for a few cycles.</summary>
    void Relax();

    /// <summary>Gives the core away for about <paramref name="nanoseconds"/>.</summary>
    void Sleep(long nanoseconds);

    /// <summary>The worker has finished a stage of its poll; all time since the call before belongs to it.</summary>
    /// <remarks>
    /// For environments that time stages or check their order. Elsewhere it is empty and leaves nothing in the compiled path. Not a
    /// default implementation, which would box the struct at every call.
    /// </remarks>
    /// <param name="stage">The one that ended; the order is <see cref="PipelineStage"/>'s.</param>
    void EndStage(PipelineStage stage);
}
