using Dataplane.Conntrack;
using Dataplane.Nat;
using Dataplane.Packet;

namespace Dataplane.Nat.Tests;

/// <summary>The search as a new connection uses it, without the insertion.</summary>
internal static unsafe class PortSearchExtensions
{
    /// <summary>Goes on to the next candidate that no live connection has; false when every candidate left was taken.</summary>
    public static bool TryNextFree(
        ref this PortSearch search, ConntrackTable<Ipv4Tuple>* table, WorkerSlot* worker, PortRandom* random, ref Ipv4Tuple reply,
        uint nowSeconds)
    {
        while (search.TryNext(random, ref reply))
        {
            Ipv4Tuple candidate = reply;
            if (table->Find(&candidate, table->Hash(&candidate), nowSeconds, worker).IsNone)
            {
                return true;
            }
        }

        return false;
    }
}
