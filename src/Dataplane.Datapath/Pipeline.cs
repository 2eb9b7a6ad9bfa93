using Dataplane.Datapath.SlowPath;
using Dataplane.Datapath.Stages;
using Dataplane.Packet;

namespace Dataplane.Datapath;

/// <summary>The order in which a burst passes the stages; nothing else calls them.</summary>
/// <remarks>
/// <code>
/// Receive -> Parse -> Lookup (tags, keys) -> Track -> Forward (with Translate) -> Transmit
///              |              |                |          |
///              |              +--- misses -----+          +- no cached next hop: Uncached
///              +- ARP, ICMP errors, ...  -> First: new connections, local traffic, errors
/// </code>
/// IPv4 goes first through the stages of known connections, then IPv6, then what is left of both.
/// Packets of one connection keep their order, but for the moment in which another worker opens it: then a packet that was found may
/// leave before one of the same burst that was missed.
/// </remarks>
public static unsafe class Pipeline
{
    /// <summary>Receives and processes one burst of one queue.</summary>
    /// <returns>Packets received.</returns>
    public static int Run<TEnv>(WorkerContext* context, ref TEnv env, ReceiveQueue queue)
        where TEnv : struct, IEnvironment
    {
        int count = Receive.Burst(context, ref env, queue);
        env.EndStage(PipelineStage.Receive);
        if (count == 0)
        {
            return 0;
        }

        Parse.Burst(context, ref env, count, queue.Port);
        env.EndStage(PipelineStage.Parse);
        Known<Ipv4Family, Ipv4Tuple, TEnv>(context, ref env);
        if (context->Tracked6.Count > 0)
        {
            Known<Ipv6Family, Ipv6Tuple, TEnv>(context, ref env);
        }

        if (context->SlowCount > 0)
        {
            Dispatch.Burst(context, ref env);
            env.EndStage(PipelineStage.SlowPath);
        }

        return count;
    }

    /// <summary>The stages of one family's packets of known connections; what is not known is left to the slow path.</summary>
    private static void Known<TFamily, TTuple, TEnv>(WorkerContext* context, ref TEnv env)
        where TFamily : struct, IFamily<TTuple>
        where TTuple : unmanaged
        where TEnv : struct, IEnvironment
    {
        Lookup.Burst<TFamily, TTuple>(context);
        env.EndStage(PipelineStage.Lookup);
        Track.Burst<TFamily, TTuple, TEnv>(context, ref env);
        env.EndStage(PipelineStage.Track);
        Forward.Burst<TFamily, TTuple, TEnv>(context, ref env);
        env.EndStage(PipelineStage.Forward);
    }
}
