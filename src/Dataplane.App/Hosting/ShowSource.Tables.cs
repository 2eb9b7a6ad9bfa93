using System;
using System.Text.Json;
using Dataplane.Conntrack;
using Dataplane.Control.Socket;
using Dataplane.Datapath;
using Dataplane.Nat;
using Dataplane.Packet;

namespace Dataplane.App.Hosting;

/// <content>Routes, neighbours and connections.</content>
internal sealed unsafe partial class ShowSource
{
    /// <summary>IPv4 first, then IPv6.</summary>
    private ShowStep NextRoute(ref ShowCursor cursor, Utf8JsonWriter writer)
    {
        Plan* plan = _router.Plan;
        long index = cursor.Position++;
        long index6 = index - plan->RouteSection.Count;
        if (index6 >= plan->Route6Section.Count)
        {
            return ShowStep.End;
        }

        writer.WriteStartObject();
        if (index6 < 0)
        {
            Route* route = plan->Routes + index;
            ShowText.Prefix(writer, "prefix"u8, Ipv4Address.FromHost(route->Prefix), route->PrefixLength);
            WriteNextHop(writer, plan->NextHops + route->NextHop);
        }
        else
        {
            Route6* route = plan->Routes6 + index6;
            ShowText.Prefix(writer, "prefix"u8, route->Prefix, route->PrefixLength);
            WriteNextHop(writer, plan->NextHops + route->NextHop);
        }

        writer.WriteEndObject();
        return ShowStep.Row;
    }

    private void WriteNextHop(Utf8JsonWriter writer, NextHop* nextHop)
    {
        writer.WriteString("kind"u8, KindName(nextHop->Kind));
        if (nextHop->Kind == NextHopKind.Gateway)
        {
            ShowText.EitherAddress(writer, "via"u8, nextHop->Gateway);
        }
        else
        {
            writer.WriteNull("via"u8);
        }

        if (nextHop->Kind == NextHopKind.Blackhole)
        {
            writer.WriteNull("port"u8);
        }
        else
        {
            writer.WriteString("port"u8, _ports[nextHop->Port].JsonName);
        }
    }

    private ShowStep NextNeighbour(ref ShowCursor cursor, Utf8JsonWriter writer)
    {
        NeighbourTable* table = _router.Neighbours;
        uint index = (uint)++cursor.Position;
        if (index > table->Used)
        {
            return ShowStep.End;
        }

        // Without the lock: a thread that may be preempted must not hold what workers spin on. The worst that a change in between
        // can show is one row of two neighbours.
        NeighbourRecord* record = table->Record(index);
        (Ipv6Address address, byte port, byte held) = (record->Address, record->Port, record->HeldCount);
        Adjacency adjacency = Adjacency.Load(table->Adjacencies + index);
        writer.WriteStartObject();
        ShowText.EitherAddress(writer, "address"u8, address);
        if (adjacency.IsUsable)
        {
            ShowText.Mac(writer, "mac"u8, adjacency.Mac48);
        }
        else
        {
            writer.WriteNull("mac"u8);
        }

        writer.WriteString("port"u8, _ports[port].JsonName);
        writer.WriteString("state"u8, StateName(adjacency.State));
        writer.WriteNumber("held"u8, held);
        writer.WriteEndObject();
        return ShowStep.Row;
    }

    /// <summary>IPv4 connections first, then IPv6.</summary>
    private ShowStep NextConnection(ref ShowCursor cursor, Utf8JsonWriter writer)
    {
        if (cursor.State == 0)
        {
            ShowStep step = NextConnection(_router.Conntrack.Table, ref cursor, writer);
            if (step != ShowStep.End || _router.Conntrack6 is null)
            {
                return step;
            }

            cursor = new ShowCursor { State = 1 };
        }

        return NextConnection(_router.Conntrack6!.Table, ref cursor, writer);
    }

    private ShowStep NextConnection<TTuple>(ConntrackTable<TTuple>* table, ref ShowCursor cursor, Utf8JsonWriter writer)
        where TTuple : unmanaged
    {
        uint position = (uint)cursor.Position;
        uint now = (uint)((ulong)(long)Dpdk.Burst.ClockNs() / 1_000_000_000);
        uint index = table->CopyNext(ref position, now, ScanMax, _entry);
        cursor.Position = position;
        if (index == 0)
        {
            return position >= table->EntryCount ? ShowStep.End : ShowStep.Skipped;
        }

        EntryHead* head = Entry<TTuple>.Head(_entry);
        EntryTail* tail = Entry<TTuple>.Tail(_entry);
        StateWord word = new(head->State);
        TTuple* original = Entry<TTuple>.Tuple(_entry, Direction.Original);
        byte protocol = sizeof(TTuple) == Ipv4Tuple.SizeBytes ? ((Ipv4Tuple*)original)->Protocol : ((Ipv6Tuple*)original)->Protocol;
        writer.WriteStartObject();
        writer.WriteNumber("id"u8, (ulong)head->Generation << 32 | index);
        writer.WriteString("protocol"u8, ProtocolName(protocol));
        writer.WriteNumber("protocolNumber"u8, protocol);
        writer.WriteString("state"u8, StateName(word.State));
        writer.WriteBoolean("assured"u8, (word.Flags & EntryFlags.Assured) != 0);
        writer.WriteBoolean("seenReply"u8, (word.Flags & EntryFlags.SeenReply) != 0);
        writer.WriteBoolean("sourceNat"u8, (word.Flags & EntryFlags.SourceNat) != 0);
        writer.WriteBoolean("destinationNat"u8, (word.Flags & EntryFlags.DestinationNat) != 0);
        writer.WriteNumber("timeoutSeconds"u8, word.DeadlineSeconds - now);
        writer.WriteNumber("zone"u8, Entry<TTuple>.Zone(_entry));
        writer.WriteNumber("mark"u8, head->Mark);
        ShowText.Label(writer, "label"u8, LabelRecord.Copy(table, index, _entry));
        WriteTuple(writer, "original"u8, original, tail->PacketsOriginal, tail->BytesOriginal);
        WriteTuple(writer, "reply"u8, Entry<TTuple>.Tuple(_entry, Direction.Reply), tail->PacketsReply, tail->BytesReply);
        writer.WriteEndObject();
        return ShowStep.Row;
    }

    private static void WriteTuple<TTuple>(Utf8JsonWriter writer, ReadOnlySpan<byte> name, TTuple* tuple, ulong packets, ulong bytes)
        where TTuple : unmanaged
    {
        (Be16 source, Be16 destination) = sizeof(TTuple) == Ipv4Tuple.SizeBytes
            ? (((Ipv4Tuple*)tuple)->SourcePort, ((Ipv4Tuple*)tuple)->DestinationPort)
            : (((Ipv6Tuple*)tuple)->SourcePort, ((Ipv6Tuple*)tuple)->DestinationPort);
        writer.WriteStartObject(name);
        if (sizeof(TTuple) == Ipv4Tuple.SizeBytes)
        {
            ShowText.Address(writer, "source"u8, ((Ipv4Tuple*)tuple)->Source);
            ShowText.Address(writer, "destination"u8, ((Ipv4Tuple*)tuple)->Destination);
        }
        else
        {
            ShowText.Address(writer, "source"u8, ((Ipv6Tuple*)tuple)->Source);
            ShowText.Address(writer, "destination"u8, ((Ipv6Tuple*)tuple)->Destination);
        }

        writer.WriteNumber("sourcePort"u8, source.Host);
        writer.WriteNumber("destinationPort"u8, destination.Host);
        writer.WriteNumber("packets"u8, packets);
        writer.WriteNumber("bytes"u8, bytes);
        writer.WriteEndObject();
    }

    private static ReadOnlySpan<byte> ProtocolName(byte protocol) => protocol switch
    {
        IpProtocol.Tcp => "tcp"u8,
        IpProtocol.Udp => "udp"u8,
        IpProtocol.Icmp => "icmp"u8,
        IpProtocol.Icmpv6 => "icmpv6"u8,
        IpProtocol.UdpLite => "udplite"u8,
        IpProtocol.Sctp => "sctp"u8,
        IpProtocol.Dccp => "dccp"u8,
        IpProtocol.Gre => "gre"u8,
        _ => "unknown"u8,
    };

    private static ReadOnlySpan<byte> KindName(NextHopKind kind) => kind switch
    {
        NextHopKind.Connected => "connected"u8,
        NextHopKind.Gateway => "gateway"u8,
        NextHopKind.Local => "local"u8,
        NextHopKind.Blackhole => "blackhole"u8,
        _ => "none"u8,
    };

    private static ReadOnlySpan<byte> StateName(NeighbourState state) => state switch
    {
        NeighbourState.Resolving => "resolving"u8,
        NeighbourState.Failed => "failed"u8,
        NeighbourState.Reachable => "reachable"u8,
        NeighbourState.Stale => "stale"u8,
        _ => "free"u8,
    };

    /// <summary>As conntrack(8) names them, where it has a name.</summary>
    private static ReadOnlySpan<byte> StateName(ConnectionState state) => state switch
    {
        ConnectionState.TcpSynSent => "SYN_SENT"u8,
        ConnectionState.TcpSynSent2 => "SYN_SENT2"u8,
        ConnectionState.TcpSynReceived => "SYN_RECV"u8,
        ConnectionState.TcpEstablished or ConnectionState.SctpEstablished => "ESTABLISHED"u8,
        ConnectionState.TcpFinWait => "FIN_WAIT"u8,
        ConnectionState.TcpCloseWait => "CLOSE_WAIT"u8,
        ConnectionState.TcpLastAck => "LAST_ACK"u8,
        ConnectionState.TcpTimeWait or ConnectionState.DccpTimeWait => "TIME_WAIT"u8,
        ConnectionState.TcpClose => "CLOSE"u8,
        ConnectionState.UdpUnreplied or ConnectionState.IcmpUnreplied or ConnectionState.GreUnreplied
            or ConnectionState.GenericUnreplied => "UNREPLIED"u8,
        ConnectionState.UdpReplied or ConnectionState.IcmpReplied or ConnectionState.GreReplied
            or ConnectionState.GenericReplied => "REPLIED"u8,
        ConnectionState.UdpStream => "STREAM"u8,
        ConnectionState.SctpCookieWait => "COOKIE_WAIT"u8,
        ConnectionState.SctpCookieEchoed => "COOKIE_ECHOED"u8,
        ConnectionState.SctpShutdownSent => "SHUTDOWN_SENT"u8,
        ConnectionState.SctpShutdownReceived => "SHUTDOWN_RECD"u8,
        ConnectionState.SctpShutdownAckSent => "SHUTDOWN_ACK_SENT"u8,
        ConnectionState.SctpClosed => "CLOSED"u8,
        ConnectionState.SctpHeartbeatSent => "HEARTBEAT_SENT"u8,
        ConnectionState.DccpRequest => "REQUEST"u8,
        ConnectionState.DccpRespond => "RESPOND"u8,
        ConnectionState.DccpPartOpen => "PARTOPEN"u8,
        ConnectionState.DccpOpen => "OPEN"u8,
        ConnectionState.DccpCloseRequest => "CLOSEREQ"u8,
        ConnectionState.DccpClosing => "CLOSING"u8,
        _ => "NONE"u8,
    };
}
