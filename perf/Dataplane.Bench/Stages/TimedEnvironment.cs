using Dataplane.Datapath;
using Dataplane.Packet;

namespace Dataplane.Bench.Stages;

/// <summary>An environment as it is, with the time of its worker's stages, and of its own ports and buffers, taken.</summary>
internal readonly unsafe struct TimedEnvironment<TEnv> : IEnvironment
    where TEnv : struct, IEnvironment
{
    private readonly TEnv _inner;
    private readonly StageClock<ProcessorCounter> _clock;

    public TimedEnvironment(TEnv inner, StageClock<ProcessorCounter> clock)
    {
        _inner = inner;
        _clock = clock;
    }

    public int ReceiveBurst(ushort port, ushort queue, Mbuf** packets, int count)
    {
        long entered = _clock.EnterPort();
        int received = _inner.ReceiveBurst(port, queue, packets, count);
        _clock.LeavePort(entered);
        return received;
    }

    public int TransmitBurst(ushort port, ushort queue, Mbuf** packets, int count)
    {
        long entered = _clock.EnterPort();
        int sent = _inner.TransmitBurst(port, queue, packets, count);
        _clock.LeavePort(entered);
        return sent;
    }

    public Mbuf* Allocate() => _inner.Allocate();

    public void Free(Mbuf** packets, int count)
    {
        long entered = _clock.EnterPort();
        _inner.Free(packets, count);
        _clock.LeavePort(entered);
    }

    public int LookupRoute(Plan* plan, uint destination) => _inner.LookupRoute(plan, destination);

    public int LookupRoute6(Plan* plan, Ipv6Address* destination) => _inner.LookupRoute6(plan, destination);

    public long NowNanoseconds() => _inner.NowNanoseconds();

    public void Relax() => _inner.Relax();

    public void Sleep(long nanoseconds) => _inner.Sleep(nanoseconds);

    public void EndStage(PipelineStage stage) => _clock.End(stage);
}
