using System.Runtime.CompilerServices;
using Dataplane.Conntrack;
using Dataplane.Nat;
using Dataplane.Packet;

namespace Dataplane.Datapath.Stages;

/// <summary>Fifth stage: the connection's stored rewrite, and the TTL.</summary>
public static unsafe class Translate
{
    /// <summary>Rewrites one packet; its TTL is above 1.</summary>
    /// <remarks>Inlined into the forwarding pass: the entry's line is at hand there.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void One(PacketMeta* meta, byte* entry, Direction direction)
    {
        Rewrite rewrite = new(Entry<Ipv4Tuple>.Head(entry)->Rewrite);
        if (rewrite.IsActive)
        {
            ((Ipv4Header*)meta->L3)->Ttl--;
            Rewriter.Apply(
                meta, rewrite, Entry<Ipv4Tuple>.Tuple(entry, direction ^ Direction.Reply), direction, ChecksumDelta.TtlDecrement);
        }
        else
        {
            Checksum.DecrementTtl((Ipv4Header*)meta->L3);
        }
    }

    /// <summary>Rewrites a fragment that has no transport header; its TTL is above 1.</summary>
    public static void Addresses(PacketMeta* meta, byte* entry, Direction direction)
    {
        Rewrite rewrite = new(Entry<Ipv4Tuple>.Head(entry)->Rewrite);
        if (rewrite.IsActive)
        {
            ((Ipv4Header*)meta->L3)->Ttl--;
            Rewriter.ApplyAddresses(
                meta, rewrite, Entry<Ipv4Tuple>.Tuple(entry, direction ^ Direction.Reply), direction, ChecksumDelta.TtlDecrement);
        }
        else
        {
            Checksum.DecrementTtl((Ipv4Header*)meta->L3);
        }
    }
}
