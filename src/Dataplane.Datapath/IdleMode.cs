namespace Dataplane.Datapath;

/// <summary>What a worker does when its queues are empty.</summary>
public enum IdleMode : byte
{
    /// <summary>Polls on: lowest latency, a core at 100 %.</summary>
    Spin,

    /// <summary>Sleeps in growing steps after a while without packets: for labs and shared machines.</summary>
    Adaptive,
}
