using Dataplane.Datapath;
using Dataplane.Packet;

namespace Dataplane.TestKit;

/// <summary>A worker's handle on a <see cref="MemoryWorld"/>: ports, buffers, routes and time that a test controls.</summary>
public readonly unsafe struct MemoryEnvironment : IEnvironment
{
    private readonly MemoryWorld _world;

    public MemoryEnvironment(MemoryWorld world) => _world = world;

    public int ReceiveBurst(ushort port, ushort queue, Mbuf** packets, int count) => _world.Receive(port, queue, packets, count);

    public int TransmitBurst(ushort port, ushort queue, Mbuf** packets, int count) => _world.Transmit(port, queue, packets, count);

    public Mbuf* Allocate() => _world.Allocate();

    public void Free(Mbuf** packets, int count) => _world.Free(packets, count);

    /// <summary>Longest prefix by looking at every route.</summary>
    public int LookupRoute(Plan* plan, uint destination)
    {
        _world.RouteAsked?.Invoke();
        int best = 0;
        int bestLength = -1;
        for (int index = 0; index < plan->RouteSection.Count; index++)
        {
            Route* route = plan->Routes + index;
            uint mask = route->PrefixLength == 0 ? 0 : uint.MaxValue << (32 - route->PrefixLength);
            if ((destination & mask) == route->Prefix && route->PrefixLength > bestLength)
            {
                best = route->NextHop;
                bestLength = route->PrefixLength;
            }
        }

        return best;
    }

    /// <summary>Longest prefix by looking at every route.</summary>
    public int LookupRoute6(Plan* plan, Ipv6Address* destination)
    {
        int best = 0;
        int bestLength = -1;
        for (int index = 0; index < plan->Route6Section.Count; index++)
        {
            Route6* route = plan->Routes6 + index;
            if (route->PrefixLength > bestLength && destination->SharesPrefix(route->Prefix, route->PrefixLength))
            {
                best = route->NextHop;
                bestLength = route->PrefixLength;
            }
        }

        return best;
    }

    public long NowNanoseconds() => _world.NowNanoseconds;

    public void Relax()
    {
    }

    /// <summary>Time passes; nobody waits.</summary>
    public void Sleep(long nanoseconds) => _world.NowNanoseconds += nanoseconds;

    public void EndStage(PipelineStage stage)
    {
    }
}
