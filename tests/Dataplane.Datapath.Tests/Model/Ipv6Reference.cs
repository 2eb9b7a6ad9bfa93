using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using Dataplane.Packet;
using Dataplane.TestKit;

namespace Dataplane.Datapath.Tests.Model;

/// <summary>What the router must do with one packet: frames by port, and the reasons of all drops.</summary>
internal sealed record Ipv6Outcome(List<(int Port, byte[] Frame)> Frames, List<DropReason> Drops);

/// <summary>A naive IPv6 router over the network of <see cref="Ipv6Network"/>: strings, sets and one rule after the other.</summary>
/// <remarks>Time stands still in its world, so nothing ever expires.</remarks>
internal sealed class Ipv6Reference
{
    private static readonly string[] s_global = ["2001:db8:1::1", "2001:db8:2::1", "2001:db8:3::1"];
    private static readonly string[] s_linkLocal = ["fe80::a", "fe80::b", "fe80::c"];
    private static readonly string[] s_anycast = ["2001:db8:1::", "2001:db8:2::", "2001:db8:3::"];
    private readonly HashSet<string> _known = [];
    private readonly int[] _mtu;

    public Ipv6Reference(int[] mtu) => _mtu = mtu;

    /// <summary>The same network, with a small MTU on the dmz, a blackhole, no way to other prefixes, and rules.</summary>
    public static PlanBuilder Build(int[] mtu)
    {
        PlanBuilder builder = Ipv6Network.Plain();
        for (int port = 0; port < mtu.Length; port++)
        {
            RouterPort changed = builder.Ports[port];
            changed.MtuBytes = (ushort)mtu[port];
            builder.Ports[port] = changed;
        }

        int index = builder.Routes6.FindIndex(route => route.PrefixLength == 0);
        Route6 wide = builder.Routes6[index] with { Prefix = Ipv6Address.Parse("2001:db8::"), PrefixLength = 32 };
        builder.Routes6[index] = wide;
        builder.AddRoute6(Ipv6Address.Parse("2001:db8:66::"), 48, new NextHop { Kind = NextHopKind.Blackhole });
        Nat.RuleMatch6 discard = Ipv6Network.FromTo(Network.Lan, Network.Wan);
        discard.Common = discard.Common.Serving(IpProtocol.Udp, 9);
        builder.Filter6Rules.Add(new Nat.FilterRule6 { Match = discard, Verdict = Nat.FilterVerdict.Reject });
        builder.Filter6Rules.Add(new Nat.FilterRule6 { Match = Ipv6Network.FromTo(Network.Wan, Network.Lan), Verdict = Nat.FilterVerdict.Drop });
        return builder;
    }

    public Ipv6Outcome Judge(Ipv6Stimulus packet, byte[] frame)
    {
        Ipv6Outcome outcome = new([], []);
        DropReason reason = Parse(packet);
        if (reason == DropReason.None)
        {
            reason = packet.IsForStranger ? DropReason.NotForThisRouter : Route(packet, frame, outcome);
        }

        if (reason != DropReason.None)
        {
            outcome.Drops.Add(reason);
        }

        return outcome;
    }

    private static DropReason Parse(Ipv6Stimulus packet)
    {
        bool isIcmp = packet.Protocol is "request" or "reply";
        bool isBadSource = packet.Source == "::" ? !isIcmp : packet.Source is "::1" or "::ffff:1.2.3.4" || IsMulticast(packet.Source);
        return isBadSource || packet.Source == packet.Destination ? DropReason.Ipv6SourceInvalid
            : packet.Destination is "::" or "::1" or "::ffff:1.2.3.4" ? DropReason.Ipv6DestinationInvalid
            : packet.IsDamaged ? DropReason.L4ChecksumBad
            : DropReason.None;
    }

    private DropReason Route(Ipv6Stimulus packet, byte[] frame, Ipv6Outcome outcome)
    {
        if (IsMulticast(packet.Destination))
        {
            bool isNear = IsLinkLocal(packet.Source) || Prefix(packet.Source) == Prefix(s_global[packet.Port]);
            return packet.Destination is not ("ff02::1" or "ff02::2") || !isNear ? DropReason.Ipv6DestinationInvalid
                : IsOwnHere(packet) ? DropReason.Ipv6SourceInvalid
                : Echo(packet, frame, outcome, OfPort(packet));
        }

        if (_known.Contains(packet.Key))
        {
            return Forward(packet, frame, outcome);
        }

        if (IsLinkLocal(packet.Source) || IsLinkLocal(packet.Destination) || packet.Source == "::")
        {
            return OnLink(packet, frame, outcome);
        }

        return packet.Protocol is "ack" or "synack" ? DropReason.TcpNotSyn
            : packet.Protocol == "reply" ? DropReason.IcmpReplyUnsolicited
            : First(packet, frame, outcome);
    }

    private DropReason First(Ipv6Stimulus packet, byte[] frame, Ipv6Outcome outcome)
    {
        if (Lookup(packet.Source).Kind == "local")
        {
            return DropReason.Ipv6SourceInvalid;
        }

        (string kind, int port, _) = Lookup(packet.Destination);
        if (kind == "local")
        {
            return Echo(packet, frame, outcome, s_anycast.Contains(packet.Destination) ? OfPort(packet) : packet.Destination);
        }

        if (kind is "blackhole")
        {
            return DropReason.NoRoute;
        }

        if (kind == "none")
        {
            return Error(packet, frame, outcome, 1, 0, 0, DropReason.NoRoute);
        }

        if (packet.HopLimit <= 1)
        {
            return Error(packet, frame, outcome, 3, 0, 0, DropReason.TtlExceeded);
        }

        if ((packet.Port, port, packet.Protocol, packet.DestinationPort) is (Network.Lan, Network.Wan, "udp", 9))
        {
            return Error(packet, frame, outcome, 1, 1, 0, DropReason.FilterRejected);
        }

        if ((packet.Port, port) is (Network.Wan, Network.Lan))
        {
            return DropReason.FilterDropped;
        }

        if (frame.Length - 14 <= _mtu[port])
        {
            _known.Add(packet.Key);
            _known.Add(packet.ReplyKey);
        }

        return Forward(packet, frame, outcome);
    }

    private DropReason OnLink(Ipv6Stimulus packet, byte[] frame, Ipv6Outcome outcome)
    {
        if (packet.Source == "::" || IsOwnHere(packet))
        {
            return DropReason.Ipv6SourceInvalid;
        }

        if (IsLinkLocal(packet.Destination))
        {
            return packet.Destination == s_linkLocal[packet.Port] ? Echo(packet, frame, outcome, packet.Destination) : DropReason.NoRoute;
        }

        return Lookup(packet.Destination).Kind == "local"
            ? Echo(packet, frame, outcome, s_anycast.Contains(packet.Destination) ? OfPort(packet) : packet.Destination)
            : Error(packet, frame, outcome, 1, 2, 0, DropReason.Ipv6SourceInvalid);
    }

    private DropReason Forward(Ipv6Stimulus packet, byte[] frame, Ipv6Outcome outcome)
    {
        (string kind, int port, string nextHop) = Lookup(packet.Destination);
        if (kind == "blackhole")
        {
            return DropReason.NoRoute;
        }

        if (kind == "none")
        {
            return Error(packet, frame, outcome, 1, 0, 0, DropReason.NoRoute);
        }

        if (packet.HopLimit <= 1)
        {
            return Error(packet, frame, outcome, 3, 0, 0, DropReason.TtlExceeded);
        }

        if (frame.Length - 14 > _mtu[port])
        {
            return Error(packet, frame, outcome, 2, 0, (uint)_mtu[port], DropReason.MtuExceeded);
        }

        outcome.Frames.Add((port, Ipv6Network.Forwarded(frame, port, nextHop)));
        return DropReason.None;
    }

    private DropReason Echo(Ipv6Stimulus packet, byte[] frame, Ipv6Outcome outcome, string from)
    {
        if (packet.Protocol != "request")
        {
            return DropReason.LocalUnsupported;
        }

        PacketBuilder reply = new PacketBuilder().Ipv6(from, packet.Source).Icmpv6(129, 0, (uint)packet.SourcePort << 16 | 7).Payload(frame[62..]);
        return Out(packet, reply, frame.Length - 14, outcome);
    }

    private DropReason Error(
        Ipv6Stimulus packet, byte[] frame, Ipv6Outcome outcome, byte type, byte code, uint rest, DropReason reason)
    {
        PacketBuilder error = new PacketBuilder().Ipv6(OfPort(packet), packet.Source).Icmpv6(type, code, rest).Payload(PacketBuilder.Quote(frame, 1232));
        DropReason sent = Out(packet, error, 0, outcome);
        if (sent != DropReason.None)
        {
            outcome.Drops.Add(sent);
        }

        return reason;
    }

    /// <summary>The way back to a packet's sender, for what the router says itself.</summary>
    private DropReason Out(Ipv6Stimulus packet, PacketBuilder answer, int lengthBytes, Ipv6Outcome outcome)
    {
        (string kind, int port, string nextHop) = IsLinkLocal(packet.Source) ? ("link", packet.Port, packet.Source) : Lookup(packet.Source);
        if (kind != "link")
        {
            return DropReason.NoRoute;
        }

        if (lengthBytes > _mtu[port])
        {
            return DropReason.MtuExceeded;
        }

        outcome.Frames.Add((port, answer.Ethernet(Network.MacOfPort(port), Ipv6Network.MacOf(nextHop)).Build()));
        return DropReason.None;
    }

    private static (string Kind, int Port, string NextHop) Lookup(string address)
    {
        if (s_global.Contains(address) || s_anycast.Contains(address))
        {
            return ("local", 0, string.Empty);
        }

        int near = Array.FindIndex(s_global, own => Prefix(own) == Prefix(address));
        return near >= 0 ? ("link", near, address)
            : address.StartsWith("2001:db8:8::", StringComparison.Ordinal) ? ("link", Network.Lan, Ipv6Network.LanRouter)
            : address.StartsWith("2001:db8:66:", StringComparison.Ordinal) ? ("blackhole", 0, string.Empty)
            : address.StartsWith("2001:db8:", StringComparison.Ordinal) ? ("link", Network.Wan, Ipv6Network.WanRouter)
            : ("none", 0, string.Empty);
    }

    /// <summary>The first 64 bits.</summary>
    private static string Prefix(string address) => Convert.ToHexString(IPAddress.Parse(address).GetAddressBytes()[..8]);

    private static string OfPort(Ipv6Stimulus packet) => IsLinkLocal(packet.Source) ? s_linkLocal[packet.Port] : s_global[packet.Port];

    private static bool IsOwnHere(Ipv6Stimulus packet) => packet.Source == s_global[packet.Port] || packet.Source == s_linkLocal[packet.Port];

    private static bool IsLinkLocal(string address) => address.StartsWith("fe80:", StringComparison.Ordinal);

    private static bool IsMulticast(string address) => address.StartsWith("ff", StringComparison.Ordinal);
}
