using System;
using System.Collections.Generic;
using Dataplane.Packet;
using Dataplane.TestKit;

namespace Dataplane.Datapath.Tests;

/// <summary>What a worker said of its stages, with a clock of its own that only calls of the environment move.</summary>
internal sealed class StageRecorder
{
    private readonly long[] _booked = new long[Enum.GetValues<PipelineStage>().Length];
    private long _last;

    /// <summary>The stages in the order in which they ended.</summary>
    public List<PipelineStage> Ended { get; } = [];

    /// <summary>Runs when a stage ends.</summary>
    public Action<PipelineStage>? AtEnd { get; set; }

    /// <summary>The clock.</summary>
    public long Ticks { get; private set; }

    /// <summary>Ticks that are on no stage yet.</summary>
    public long Unbooked => Ticks - _last;

    public long Booked(PipelineStage stage) => _booked[(int)stage];

    public int Count(PipelineStage stage) => Ended.FindAll(ended => ended == stage).Count;

    public void Spend(long ticks) => Ticks += ticks;

    public void End(PipelineStage stage)
    {
        Ended.Add(stage);
        _booked[(int)stage] += Unbooked;
        _last = Ticks;
        AtEnd?.Invoke(stage);
    }
}

/// <summary>A memory world whose worker's stages are recorded, and whose calls take time by their kind.</summary>
internal readonly unsafe struct RecordingEnvironment(MemoryWorld world, StageRecorder recorder) : IEnvironment
{
    // Powers of ten: the digits of a sum tell how often each was called.
    public const long ClockTicks = 1;
    public const long ReceiveTicks = 10;
    public const long TransmitTicks = 100;
    public const long FreeTicks = 1_000;
    public const long RouteTicks = 10_000;

    private readonly MemoryEnvironment _inner = new(world);

    public int ReceiveBurst(ushort port, ushort queue, Mbuf** packets, int count)
    {
        recorder.Spend(ReceiveTicks);
        return _inner.ReceiveBurst(port, queue, packets, count);
    }

    public int TransmitBurst(ushort port, ushort queue, Mbuf** packets, int count)
    {
        recorder.Spend(TransmitTicks);
        return _inner.TransmitBurst(port, queue, packets, count);
    }

    public Mbuf* Allocate() => _inner.Allocate();

    public void Free(Mbuf** packets, int count)
    {
        recorder.Spend(FreeTicks);
        _inner.Free(packets, count);
    }

    public int LookupRoute(Plan* plan, uint destination)
    {
        recorder.Spend(RouteTicks);
        return _inner.LookupRoute(plan, destination);
    }

    public int LookupRoute6(Plan* plan, Ipv6Address* destination)
    {
        recorder.Spend(RouteTicks);
        return _inner.LookupRoute6(plan, destination);
    }

    public long NowNanoseconds()
    {
        recorder.Spend(ClockTicks);
        return _inner.NowNanoseconds();
    }

    public void Relax() => _inner.Relax();

    public void Sleep(long nanoseconds) => _inner.Sleep(nanoseconds);

    public void EndStage(PipelineStage stage) => recorder.End(stage);
}
