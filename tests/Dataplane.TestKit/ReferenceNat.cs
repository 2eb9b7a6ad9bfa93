using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Conntrack;
using Dataplane.Nat;
using Dataplane.Packet;

namespace Dataplane.TestKit;

/// <summary>A connection of the reference; its reply tuple is open until the router's choice of a port is known.</summary>
public sealed class ReferenceEntry
{
    public required Ipv4Tuple Original { get; init; }

    /// <summary>Behind destination translation, before source translation.</summary>
    public required Ipv4Tuple Routed { get; init; }

    /// <summary>What the source is drawn from, or null when it stays.</summary>
    public required ReferencePool? Pool { get; init; }

    public Ipv4Tuple? Reply { get; set; }

    public ConnectionState State { get; set; }

    /// <summary>Of TCP: what both sides have said.</summary>
    public TcpWindows Windows { get; set; }

    public uint DeadlineSeconds { get; set; }

    public bool TranslatesDestination => Original.Destination != Routed.Destination || Original.DestinationPort != Routed.DestinationPort;

    /// <summary>The tuple of the packets that leave when this direction's come in.</summary>
    public Ipv4Tuple Leaving(Direction direction) =>
        direction == Direction.Original ? Reply!.Value.Inverted : Original.Inverted;
}

/// <summary>What must become of one packet.</summary>
/// <param name="Reason">Why it is dropped, or None.</param>
/// <param name="OutPort">The port by which a frame leaves, or -1: the packet itself, or an error about it.</param>
/// <param name="Expected">From the frame that was seen to the frame that must have been seen; throws if the router's choice was not legal.</param>
public sealed record ReferenceOutcome(DropReason Reason, int OutPort, Func<ReferencePacket, byte[]>? Expected);

/// <summary>What a NAT router must do, said as simply as possible: a dictionary, no concurrency, no incremental arithmetic.</summary>
/// <remarks>
/// The one thing it cannot know is which free port the router draws at random. It reads that from the first packet that leaves,
/// checks that the choice was legal, and predicts every byte from then on. TCP segments are judged by the tracker's complete judgement,
/// which has tests of its own; the router takes its short cut for the plain ones.
/// </remarks>
public sealed class ReferenceNat(ReferencePolicy policy, TimeoutTable timeouts)
{
    private readonly Dictionary<Ipv4Tuple, (ReferenceEntry Entry, Direction Direction)> _table = [];
    private readonly HashSet<ReferenceEntry> _entries = [];

    /// <summary>Connections whose both tuples are known.</summary>
    public IEnumerable<ReferenceEntry> Known => _entries.Where(entry => entry.Reply != null);

    /// <summary>Connections that have not expired.</summary>
    public int CountLive(uint now) => _entries.Count(entry => entry.DeadlineSeconds > now);

    public ReferenceOutcome Process(int inPort, ReferencePacket packet, uint now)
    {
        if (packet.Source == packet.Destination)
        {
            return Drop(DropReason.Ipv4SourceInvalid);
        }

        if (packet.IsIcmpError)
        {
            return Related(packet, now);
        }

        if (Find(packet.Tuple, now) is not var (entry, direction))
        {
            return Open(inPort, packet, now);
        }

        // Who is not translated may open the other way round what has ended.
        bool isReopened = direction == Direction.Reply && (packet.TcpFlags & (TcpFlags.Syn | TcpFlags.Ack | TcpFlags.Rst)) == TcpFlags.Syn
            && entry.State is ConnectionState.TcpTimeWait or ConnectionState.TcpClose && entry.Reply == entry.Original.Inverted;
        TrackerVerdict verdict = isReopened ? TrackerVerdict.Reopen : Judge(packet, entry, direction);
        switch (verdict.Effect)
        {
            case Trackers.Invalid:
                return Drop(verdict.Reason);
            case Trackers.Reopen:
                Remove(entry);
                return Open(inPort, packet, now);
            case Trackers.Keep:
                break;
            default:
                Refresh(entry, (ConnectionState)verdict.Effect, now, verdict.Cap);
                break;
        }

        return Forward(inPort, packet, entry, direction, now);
    }

    private ReferenceOutcome Open(int inPort, ReferencePacket packet, uint now)
    {
        Ipv4Tuple tuple = packet.Tuple;
        bool isTracked = !policy.IsUntracked(tuple, inPort);
        TcpWindows windows = default;
        if (isTracked && tuple.Protocol == IpProtocol.Tcp && packet.OpenTcp(ref windows) is var reason and not DropReason.None)
        {
            return Drop(reason);
        }

        if (isTracked && tuple.Protocol == IpProtocol.Icmp && !IcmpType.IsRequest(tuple.Kind))
        {
            return Drop(DropReason.IcmpReplyUnsolicited);
        }

        Ipv4Tuple routed = isTracked ? policy.Destination(tuple, inPort) : tuple;
        ReferenceRoute route = policy.Route(routed.Destination);
        if (Refused(inPort, packet, routed, route) is ReferenceOutcome refusal)
        {
            return refusal;
        }

        if (!isTracked)
        {
            return Leave(packet, route, () => tuple);
        }

        ReferencePool? pool = policy.Source(routed, inPort, route.Port);
        if (pool != null && Taken(pool, routed, now) == pool.Places)
        {
            return Drop(DropReason.NatPortsExhausted);
        }

        ReferenceEntry entry = new() { Original = tuple, Routed = routed, Pool = pool, Windows = windows };
        if (pool == null && Find(routed.Inverted, now) != null)
        {
            return Drop(DropReason.ClashUnresolved);
        }

        _entries.Add(entry);
        _table[tuple] = (entry, Direction.Original);
        Refresh(entry, tuple.Protocol switch
        {
            IpProtocol.Tcp => ConnectionState.TcpSynSent,
            IpProtocol.Udp => ConnectionState.UdpUnreplied,
            _ => ConnectionState.IcmpUnreplied,
        }, now);
        if (pool == null)
        {
            Settle(entry, routed.Inverted);
        }

        return Forward(inPort, packet, entry, Direction.Original, now);
    }

    private static TrackerVerdict Judge(ReferencePacket packet, ReferenceEntry entry, Direction direction)
    {
        if (packet.Protocol != IpProtocol.Tcp)
        {
            return TrackerVerdict.Next(Trackers.Transitions[Trackers.IndexOf(direction, Trackers.Plain, entry.State)]);
        }

        TcpWindows windows = entry.Windows;
        TrackerVerdict verdict = packet.JudgeTcp(ref windows, entry.State, direction);
        entry.Windows = windows;
        return verdict;
    }

    private ReferenceOutcome? Refused(int inPort, ReferencePacket packet, in Ipv4Tuple routed, ReferenceRoute route)
    {
        if (policy.Route(routed.Source).Kind == ReferenceRouteKind.Local)
        {
            return Drop(DropReason.Ipv4SourceInvalid);
        }

        switch (route.Kind)
        {
            case ReferenceRouteKind.Local:
                return Answer(packet);
            case ReferenceRouteKind.Blackhole:
                return Drop(DropReason.NoRoute);
            case ReferenceRouteKind.None:
                return Error(inPort, packet, IcmpType.DestinationUnreachable, 0, DropReason.NoRoute);
        }

        if (packet.Ttl <= 1)
        {
            return Error(inPort, packet, IcmpType.TimeExceeded, 0, DropReason.TtlExceeded);
        }

        return policy.Filter(routed, inPort, route.Port) switch
        {
            FilterVerdict.Drop => Drop(DropReason.FilterDropped),
            FilterVerdict.Reject => Error(inPort, packet, IcmpType.DestinationUnreachable, 13, DropReason.FilterRejected),
            _ => TooBig(inPort, packet, route),
        };
    }

    private ReferenceOutcome Forward(int inPort, ReferencePacket packet, ReferenceEntry entry, Direction direction, uint now)
    {
        ReferenceRoute route = policy.Route(direction == Direction.Original ? entry.Routed.Destination : entry.Original.Source);
        if (packet.Ttl <= 1)
        {
            return Error(inPort, packet, IcmpType.TimeExceeded, 0, DropReason.TtlExceeded);
        }

        if (TooBig(inPort, packet, route) is ReferenceOutcome refusal)
        {
            return refusal;
        }

        ReferenceOutcome outcome = Leave(packet, route, () => entry.Leaving(direction));
        return outcome with
        {
            Expected = seen =>
            {
                Learn(entry, seen, now);
                return outcome.Expected!(seen);
            },
        };
    }

    private ReferenceOutcome? TooBig(int inPort, ReferencePacket packet, ReferenceRoute route)
    {
        int mtu = policy.Port(route.Port).MtuBytes;
        return packet.LengthBytes <= mtu ? null
            : !packet.DontFragment ? Drop(DropReason.MtuExceeded)
            : Error(inPort, packet, IcmpType.DestinationUnreachable, 4, DropReason.MtuExceeded, mtu);
    }

    /// <summary>An error that passes through: it must quote a connection and be addressed to the quoted sender (RFC 5508 §4).</summary>
    private ReferenceOutcome Related(ReferencePacket packet, uint now)
    {
        Ipv4Tuple quoted = packet.QuotedTuple;
        if (Find(quoted.Inverted, now) is not var (entry, direction) || packet.Destination != quoted.Source)
        {
            return Drop(DropReason.IcmpErrorUnrelated);
        }

        if (packet.Ttl <= 1)
        {
            return Drop(DropReason.TtlExceeded);
        }

        // What the receiver of the error sent, before the router changed it.
        Ipv4Tuple sent = direction == Direction.Original ? entry.Reply!.Value : entry.Original;
        bool isTranslated = sent != quoted;
        bool hides = direction == Direction.Original ? entry.Pool != null : entry.TranslatesDestination;
        if (isTranslated)
        {
            bool isEnd = packet.Source == quoted.Destination;
            packet.SetQuotedTuple(sent);
            packet.Source = isEnd || hides ? sent.Destination : packet.Source;
            packet.Destination = sent.Source;
        }

        return Leave(packet, policy.Route(packet.Destination), null);
    }

    private static ReferenceOutcome Drop(DropReason reason) => new(reason, -1, null);

    private ReferenceOutcome Answer(ReferencePacket packet)
    {
        if (packet.Tuple.Kind != IcmpType.EchoRequest)
        {
            return Drop(DropReason.LocalUnsupported);
        }

        (packet.Source, packet.Destination) = (packet.Destination, packet.Source);
        packet.IcmpType = IcmpType.EchoReply;
        packet.Ttl = 65;
        ReferenceRoute back = policy.Route(packet.Destination);
        return packet.LengthBytes > policy.Port(back.Port).MtuBytes ? Drop(DropReason.MtuExceeded) : Leave(packet, back, null);
    }

    private ReferenceOutcome Leave(ReferencePacket packet, ReferenceRoute route, Func<Ipv4Tuple>? tuple) =>
        new(DropReason.None, route.Port, _ =>
        {
            packet.Ttl--;
            if (tuple != null)
            {
                packet.SetTuple(tuple());
            }

            return packet.ToFrame(policy.Port(route.Port).Mac, MemoryWorld.MacOf(route.Neighbour));
        });

    /// <summary>The router's own error; it chooses the identification, the rest is determined (RFC 1812 §4.3.2).</summary>
    private ReferenceOutcome Error(int inPort, ReferencePacket packet, byte type, byte code, DropReason reason, int rest = 0)
    {
        ReferenceRoute back = policy.Route(packet.Source);
        if (back.Kind != ReferenceRouteKind.Forward)
        {
            return Drop(reason);
        }

        byte[] quoted = packet.Ip[..Math.Min(packet.LengthBytes, 548)].ToArray();
        return new ReferenceOutcome(reason, back.Port, seen => new PacketBuilder()
            .Ethernet(policy.Port(back.Port).Mac, MemoryWorld.MacOf(back.Neighbour))
            .Ipv4(policy.Port(inPort).Address, packet.Source)
            .WithTypeOfService(0xC0)
            .WithFlagsAndOffset(0)
            .WithIdentification(seen.Identification)
            .IcmpError(type, code, quoted, (uint)rest)
            .Build());
    }

    /// <summary>Takes over the router's choice of address and port.</summary>
    private void Learn(ReferenceEntry entry, ReferencePacket seen, uint now)
    {
        if (entry.Reply != null)
        {
            return;
        }

        Ipv4Tuple reply = seen.Tuple.Inverted;
        ushort port = reply.DestinationPort.Host;
        if (!entry.Pool!.Contains(reply.Destination, port))
        {
            throw new InvalidOperationException($"{entry.Original} became {seen.Tuple}, which is not of {entry.Pool}");
        }

        if (Find(reply, now) is var (taken, _))
        {
            throw new InvalidOperationException($"{entry.Original} was given {reply}, which {taken.Original} has");
        }

        Settle(entry, reply);
    }

    private void Settle(ReferenceEntry entry, in Ipv4Tuple reply)
    {
        entry.Reply = reply;
        _table[reply] = (entry, Direction.Reply);
    }

    private long Taken(ReferencePool pool, Ipv4Tuple routed, uint now) => _entries.Count(entry =>
        entry.DeadlineSeconds > now && entry.Pool == pool && entry.Routed.Protocol == routed.Protocol && entry.Routed.Kind == routed.Kind
        && entry.Routed.Destination == routed.Destination && entry.Routed.DestinationPort == routed.DestinationPort);

    private (ReferenceEntry Entry, Direction Direction)? Find(in Ipv4Tuple tuple, uint now)
    {
        if (!_table.TryGetValue(tuple, out (ReferenceEntry Entry, Direction Direction) found))
        {
            return null;
        }

        if (found.Entry.DeadlineSeconds > now)
        {
            return found;
        }

        Remove(found.Entry);
        return null;
    }

    /// <summary>A timeout counts from the end of the second in which the packet came.</summary>
    private void Refresh(ReferenceEntry entry, ConnectionState state, uint now, ConnectionState cap = ConnectionState.None)
    {
        entry.State = state;
        entry.DeadlineSeconds = now + 1 + timeouts.Seconds(0, state, cap);
    }

    private void Remove(ReferenceEntry entry)
    {
        _entries.Remove(entry);
        _table.Remove(entry.Original);
        if (entry.Reply is Ipv4Tuple reply)
        {
            _table.Remove(reply);
        }
    }
}
