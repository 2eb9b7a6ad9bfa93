using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath.Ipv6;

/// <summary>What a message of neighbour discovery says of the neighbour it speaks of.</summary>
/// <remarks>
/// The rules are those of RFC 4861 §7.2.3, §7.2.5 and appendix C, for neighbours that the router has asked for; a neighbour that it
/// gave up, or never asked for, is unknown to it and stays so. <see cref="NeighbourState.Stale"/> stands for the RFC's
/// STALE, DELAY and PROBE: packets flow, and a probe comes soon.
/// </remarks>
/// <param name="Mac48">The stated MAC address; 0 when none is.</param>
/// <param name="IsSolicited">It answers the router's own question: the way there and back works.</param>
/// <param name="Overrides">The stated address replaces a known one.</param>
public readonly record struct NeighbourEvidence(ulong Mac48, bool IsSolicited, bool Overrides)
{
    /// <summary>The source option of a solicitation: it names an address and proves nothing (§7.2.3).</summary>
    public static NeighbourEvidence FromSolicitation(MacAddress source) => new(source.Raw48, IsSolicited: false, Overrides: true);

    public static NeighbourEvidence FromAdvertisement(NeighbourFlags flags, in NeighbourOptions options) => new(
        options.HasTarget ? options.Target.Raw48 : 0,
        (flags & NeighbourFlags.Solicited) != 0,
        (flags & NeighbourFlags.Override) != 0);

    /// <summary>What becomes of a neighbour.</summary>
    /// <param name="state">Its state; the new one on return.</param>
    /// <param name="mac48">Its MAC address; the new one on return.</param>
    /// <returns>False when nothing changes and no timer starts anew.</returns>
    public bool Apply(ref NeighbourState state, ref ulong mac48)
    {
        if (state == NeighbourState.Resolving)
        {
            mac48 = Mac48;
            state = IsSolicited ? NeighbourState.Reachable : NeighbourState.Stale;
            return Mac48 != 0;
        }

        if (state is not (NeighbourState.Reachable or NeighbourState.Stale))
        {
            return false;
        }

        bool differs = Mac48 != 0 && Mac48 != mac48;
        if (differs && !Overrides)
        {
            // Somebody else says he is it: what is known is used, and asked for.
            bool wasReachable = state == NeighbourState.Reachable;
            state = NeighbourState.Stale;
            return wasReachable;
        }

        mac48 = differs ? Mac48 : mac48;
        state = IsSolicited ? NeighbourState.Reachable : differs ? NeighbourState.Stale : state;
        return IsSolicited || differs;
    }
}
