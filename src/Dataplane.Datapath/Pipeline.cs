using Dataplane.Datapath.SlowPath;
using Dataplane.Datapath.Stages;

namespace Dataplane.Datapath;

/// <summary>The order in which a burst passes the stages; nothing else calls them.</summary>
/// <remarks>
/// <code>
/// Receive -> Parse -> Lookup (tags, keys) -> Track -> Forward (with Translate) -> Transmit
///              |              |                |          |
///              |              +--- misses -----+          +- no cached next hop: Uncached
///              +- ARP, ICMP errors, ...  -> First: new connections, local traffic, errors
/// </code>
/// Packets of one connection keep their order: in one burst they are all found or all missed.
/// </remarks>
public static unsafe class Pipeline
{
    /// <summary>Receives and processes one burst of one queue.</summary>
    /// <returns>Packets received.</returns>
    public static int Run<TEnv>(WorkerContext* context, ref TEnv env, ReceiveQueue queue)
        where TEnv : struct, IEnvironment
    {
        int count = Receive.Burst(context, ref env, queue);
        if (count == 0)
        {
            return 0;
        }

        Parse.Burst(context, ref env, count, queue.Port);
        Lookup.Match(context);
        Lookup.Compare(context);
        Track.Burst(context, ref env);
        Forward.Burst(context, ref env);
        if (context->SlowCount > 0)
        {
            Dispatch.Burst(context, ref env);
        }

        return count;
    }
}
