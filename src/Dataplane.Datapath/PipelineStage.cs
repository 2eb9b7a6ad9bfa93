namespace Dataplane.Datapath;

/// <summary>What a worker's poll consists of, for environments that time it: see <see cref="IEnvironment.EndStage"/>.</summary>
/// <remarks>
/// A poll ends its stages in this order; what stands in brackets only when there is work for it:
/// <code>
/// Poll
/// for each queue: Receive [Parse  Lookup Track Forward  [Lookup Track Forward of IPv6]  [SlowPath]]
/// [Transmit Housekeeping] Transmit Poll
/// </code>
/// </remarks>
public enum PipelineStage
{
    /// <summary>What belongs to no other stage: reading the clock in front of them; behind them the quiescent point, reclaiming
    /// entries, moving buckets.</summary>
    Poll,

    /// <summary>Taking a burst from one queue, whether it held packets or not.</summary>
    Receive,

    /// <summary>Headers to tuples, and the keyed hashes with the request for their buckets.</summary>
    Parse,

    /// <summary>Tags, then keys.</summary>
    Lookup,

    /// <summary>State, windows, deadline and counters.</summary>
    Track,

    /// <summary>Next hop, translation and the new frame header.</summary>
    Forward,

    /// <summary>What the fast path left: first packets of connections, ICMP errors, fragments, ARP and neighbour discovery, the
    /// router's own traffic.</summary>
    SlowPath,

    /// <summary>Packets from other workers, full transmit buffers to their queues, dropped packets to the pool.</summary>
    Transmit,

    /// <summary>The periodic round: expiry, neighbours, fragments, announcements.</summary>
    Housekeeping,
}
