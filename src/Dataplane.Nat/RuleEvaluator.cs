using Dataplane.Packet;

namespace Dataplane.Nat;

/// <summary>Walks the rule lists for the first packet of a connection.</summary>
/// <remarks>Rules are few and first packets are rare beside the rest: a list is walked in order.</remarks>
public static unsafe class RuleEvaluator
{
    /// <summary>Applies all matching track rules; what one sets, the next ones see.</summary>
    /// <param name="rules">In order.</param>
    /// <param name="count">Of them.</param>
    /// <param name="packet">Its mark, label and state change.</param>
    public static TrackDecision Track(TrackRule* rules, int count, ref FirstPacket packet)
    {
        TrackDecision decision = default;
        for (int index = 0; index < count; index++)
        {
            if (rules[index].Match.Matches(packet, routed: false))
            {
                decision = decision.And(rules[index].Do, ref packet.Mark, ref packet.Label, ref packet.State);
            }
        }

        return decision;
    }

    /// <summary>The same for IPv6.</summary>
    public static TrackDecision Track(TrackRule6* rules, int count, ref FirstPacket6 packet)
    {
        TrackDecision decision = default;
        for (int index = 0; index < count; index++)
        {
            if (rules[index].Match.Matches(packet, routed: false))
            {
                decision = decision.And(rules[index].Do, ref packet.Mark, ref packet.Label, ref packet.State);
            }
        }

        return decision;
    }

    /// <summary>Applies the first matching destination rule to the packet's tuple.</summary>
    /// <returns>Whether one matched.</returns>
    public static bool Destination(DestinationRule* rules, int count, ref FirstPacket packet)
    {
        for (int index = 0; index < count; index++)
        {
            DestinationRule* rule = rules + index;
            if (!rule->Match.Matches(packet, routed: false))
            {
                continue;
            }

            packet.Tuple.Destination = rule->To;
            if (rule->ToPort != 0 && RuleMatch.HasPorts(packet.Tuple.Protocol))
            {
                int shift = rule->ToPortCount > 1 ? packet.Tuple.DestinationPort.Host - rule->MatchedPort : 0;
                packet.Tuple.DestinationPort = Be16.FromHost((ushort)(rule->ToPort + shift));
            }

            return true;
        }

        return false;
    }

    /// <summary>The first matching filter rule's verdict, or the default.</summary>
    public static FilterVerdict Filter(FilterRule* rules, int count, FilterVerdict otherwise, in FirstPacket packet)
    {
        for (int index = 0; index < count; index++)
        {
            if (rules[index].Match.Matches(packet, routed: true))
            {
                return rules[index].Verdict;
            }
        }

        return otherwise;
    }

    /// <summary>The same for IPv6.</summary>
    public static FilterVerdict Filter(FilterRule6* rules, int count, FilterVerdict otherwise, in FirstPacket6 packet)
    {
        for (int index = 0; index < count; index++)
        {
            if (rules[index].Match.Matches(packet, routed: true))
            {
                return rules[index].Verdict;
            }
        }

        return otherwise;
    }

    /// <summary>The first matching source rule, or null.</summary>
    public static SourceRule* Source(SourceRule* rules, int count, in FirstPacket packet)
    {
        for (int index = 0; index < count; index++)
        {
            if (rules[index].Match.Matches(packet, routed: true))
            {
                return rules + index;
            }
        }

        return null;
    }
}
