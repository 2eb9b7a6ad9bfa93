using Dataplane.Packet;

namespace Dataplane.Datapath.Stages;

/// <summary>First stage: a burst from one (port, queue).</summary>
public static unsafe class Receive
{
    /// <summary>Packets ahead of the parser whose data is asked for; measured, see perf/README.md.</summary>
    public const int PrefetchAhead = 8;

    /// <summary>Fills the worker's burst.</summary>
    /// <returns>Packets received.</returns>
    public static int Burst<TEnv>(WorkerContext* context, ref TEnv env, ReceiveQueue queue)
        where TEnv : struct, IEnvironment
    {
        ushort devicePort = context->Plan->Ports[queue.Port].DevicePort;
        int count = env.ReceiveBurst(devicePort, queue.Queue, context->Burst, WorkerContext.BurstMax);
        context->Counters->Received += (uint)count;
        return count;
    }
}
