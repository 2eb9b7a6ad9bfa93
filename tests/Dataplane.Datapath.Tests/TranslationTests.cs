using System;
using System.Linq;
using Dataplane.Conntrack;
using Dataplane.Nat;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

public class TranslationTests
{
    [Fact]
    public void Masquerade_gives_the_egress_address_and_the_reply_finds_its_way_back()
    {
        using RouterBed bed = new(Network.Masquerading());
        byte[] outside = bed.SendForOne(Network.Lan, Network.FromClient().Udp(5000, 53).Payload(5).Build(), Network.Wan);
        Ipv4Tuple tuple = new ReferencePacket(outside).Tuple;
        Assert.Equal(Network.WanAddress, tuple.Source.ToString());
        Assert.InRange(tuple.SourcePort.Host, 1024, 65535);

        byte[] reply = Network.FromHost(Network.Wan, Network.Server, Network.WanAddress).Udp(53, tuple.SourcePort.Host).Payload(9).Build();
        byte[] inside = bed.SendForOne(Network.Wan, reply, Network.Lan);
        Assert.Equal($"udp {Network.Server}:53 > {Network.Client}:5000 zone 0", new ReferencePacket(inside).Tuple.ToString());
        Assert.Equal(63, new ReferencePacket(inside).Ttl);
    }

    [Fact]
    public void A_connection_between_ports_of_different_zones_gets_its_replies()
    {
        PlanBuilder builder = Network.Masquerading();
        RouterPort lan = builder.Ports[Network.Lan];
        lan.Zone = 7;
        builder.Ports[Network.Lan] = lan;
        using RouterBed bed = new(builder);
        byte[] outside = bed.SendForOne(Network.Lan, Network.FromClient().Udp(5000, 53).Build(), Network.Wan);
        ushort port = new ReferencePacket(outside).Tuple.SourcePort.Host;
        byte[] reply = Network.FromHost(Network.Wan, Network.Server, Network.WanAddress).Udp(53, port).Build();
        byte[] inside = bed.SendForOne(Network.Wan, reply, Network.Lan);
        Assert.Equal(Network.Client, new ReferencePacket(inside).Destination.ToString());
    }

    [Fact]
    public void Masquerade_on_a_port_without_address_is_refused()
    {
        PlanBuilder builder = Network.Masquerading();
        RouterPort wan = builder.Ports[Network.Wan];
        wan.Address = Ipv4Address.Any;
        builder.Ports[Network.Wan] = wan;
        using RouterBed bed = new(builder);
        bed.SendForDrop(Network.Lan, Network.FromClient().Udp(5000, 53).Build(), DropReason.NatNoAddress);
        Assert.Equal(0, bed.CountByDump());
    }

    [Fact]
    public void An_exempt_destination_keeps_the_source()
    {
        PlanBuilder builder = Network.Masquerading();
        builder.SourceRules.Insert(0, new SourceRule { Match = RuleMatch.Any.To(Network.Server), Action = SourceAction.Exempt });
        using RouterBed bed = new(builder);
        byte[] sent = bed.SendForOne(Network.Lan, Network.FromClient().Udp(5000, 53).Build(), Network.Wan);
        Assert.Equal(Network.Client, new ReferencePacket(sent).Source.ToString());
    }

    [Fact]
    public void A_port_range_is_forwarded_one_to_one()
    {
        PlanBuilder builder = Network.Plain();
        builder.DestinationRules.Add(new DestinationRule
        {
            Match = Network.From(Network.Wan).To(Network.WanAddress).Serving(IpProtocol.Tcp, 8000, 8009),
            To = Ipv4Address.Parse("172.16.0.10"),
            ToPort = 9000,
            MatchedPort = 8000,
            ToPortCount = 10,
        });
        using RouterBed bed = new(builder);
        for (ushort port = 8000; port < 8010; port++)
        {
            byte[] sent = bed.SendForOne(
                Network.Wan, Network.FromHost(Network.Wan, Network.Server, Network.WanAddress).Tcp(4000, port, TcpFlags.Syn).Build(), Network.Dmz);
            Assert.Equal($"tcp {Network.Server}:4000 > 172.16.0.10:{port + 1000} zone 0", new ReferencePacket(sent).Tuple.ToString());
        }

        bed.SendForDrop(
            Network.Wan, Network.FromHost(Network.Wan, Network.Server, Network.WanAddress).Tcp(4000, 8010, TcpFlags.Syn).Build(),
            DropReason.LocalUnsupported);
    }

    [Fact]
    public void Source_and_destination_are_translated_on_one_connection_and_back()
    {
        PlanBuilder builder = Network.Plain();
        builder.DestinationRules.Add(new DestinationRule
        {
            Match = RuleMatch.Any.To(Network.WanAddress).Serving(IpProtocol.Tcp, 443),
            To = Ipv4Address.Parse("172.16.0.10"),
            ToPort = 8443,
            ToPortCount = 1,
        });
        builder.SourceRules.Add(new SourceRule { Match = Network.FromTo(Network.Lan, Network.Dmz), Action = SourceAction.Masquerade });
        using RouterBed bed = new(builder);
        byte[] sent = bed.SendForOne(Network.Lan, Network.FromClient(Network.WanAddress).Tcp(4000, 443, TcpFlags.Syn).Build(), Network.Dmz);
        Ipv4Tuple tuple = new ReferencePacket(sent).Tuple;
        Assert.Equal($"{Network.DmzAddress} 172.16.0.10 8443", $"{tuple.Source} {tuple.Destination} {tuple.DestinationPort.Host}");
        byte[] back = bed.SendForOne(
            Network.Dmz,
            Network.FromHost(Network.Dmz, "172.16.0.10", Network.DmzAddress).Tcp(8443, tuple.SourcePort.Host, TcpFlags.Syn | TcpFlags.Ack).Build(),
            Network.Lan);
        Assert.Equal($"tcp {Network.WanAddress}:443 > {Network.Client}:4000 zone 0", new ReferencePacket(back).Tuple.ToString());
    }

    [Fact]
    public void An_exhausted_pool_refuses_and_leaves_nothing_behind_until_a_port_expires()
    {
        using RouterBed bed = new(Network.Pooled(30000, 30003));
        string[] taken =
        [
            .. Enumerable.Range(0, 4).Select(client =>
                new ReferencePacket(bed.SendForOne(Network.Lan, Network.FromClient().Udp((ushort)(5000 + client), 53).Build(), Network.Wan))
                    .Tuple.ToString()),
        ];
        Assert.Equal(4, taken.Distinct().Count());
        long before = bed.Router.Conntrack.Count();
        for (ushort client = 0; client < 20; client++)
        {
            bed.SendForDrop(Network.Lan, Network.FromClient().Udp((ushort)(6000 + client), 53).Build(), DropReason.NatPortsExhausted);
        }

        Assert.Equal(before, bed.Router.Conntrack.Count());

        // Another destination shares the ports.
        bed.SendForOne(Network.Lan, Network.FromClient("192.0.2.99").Udp(6000, 53).Build(), Network.Wan);
        bed.Advance(121);
        bed.SendForOne(Network.Lan, Network.FromClient().Udp(6000, 53).Build(), Network.Wan);
    }

    [Fact]
    public void A_full_table_refuses_new_connections_and_serves_the_old()
    {
        using RouterBed bed = new(Network.Masquerading(), entriesMax: 8);
        for (ushort client = 0; client < 8; client++)
        {
            bed.SendForOne(Network.Lan, Network.FromClient().Udp((ushort)(5000 + client), 53).Build(), Network.Wan);
        }

        bed.SendForDrop(Network.Lan, Network.FromClient().Udp(6000, 53).Build(), DropReason.TableFull);
        bed.SendForOne(Network.Lan, Network.FromClient().Udp(5003, 53).Build(), Network.Wan);
        Assert.Equal(8, bed.CountByDump());
    }

    [Fact]
    public void Tcp_without_syn_opens_nothing_unless_loose()
    {
        byte[] ack = Network.FromClient().Tcp(4000, 80).Build();
        using (RouterBed strict = new(Network.Masquerading()))
        {
            strict.SendForDrop(Network.Lan, ack, DropReason.TcpNotSyn);
            Assert.Equal(0, strict.CountByDump());
        }

        PlanBuilder builder = Network.Masquerading();
        builder.Tcp = TcpPolicy.Strict with { IsLoose = true };
        using RouterBed loose = new(builder);
        loose.SendForOne(Network.Lan, ack, Network.Wan);
        loose.SendForDrop(Network.Lan, Network.FromClient().Tcp(4001, 80, TcpFlags.Rst).Build(), DropReason.TcpNotSyn);
    }

    [Fact]
    public void A_udp_checksum_of_zero_stays_zero()
    {
        using RouterBed bed = new(Network.Masquerading());
        byte[] frame = Network.FromClient().Udp(5000, 53).WithChecksum(0).Payload(3).Build();
        Assert.Equal([0, 0], bed.SendForOne(Network.Lan, frame, Network.Wan)[40..42]);
        Assert.Equal([0, 0], bed.SendForOne(Network.Lan, frame, Network.Wan)[40..42]);
    }

    [Fact]
    public void Two_hosts_that_ping_with_one_id_get_ids_of_their_own_and_their_own_replies()
    {
        using RouterBed bed = new(Network.Pooled(40000, 40001));
        string[] hosts = ["10.0.1.10", "10.0.1.11"];
        ushort[] ids =
        [
            .. hosts.Select(host => new ReferencePacket(bed.SendForOne(
                Network.Lan, Network.FromHost(Network.Lan, host, Network.Server).Icmp(8, 0, 77, 1).Payload(8).Build(), Network.Wan)).Tuple.SourcePort.Host),
        ];
        Assert.Equal(2, ids.Distinct().Count());
        foreach ((string host, ushort id) in hosts.Zip(ids))
        {
            Assert.InRange(id, 40000, 40001);
            byte[] reply = Network.FromHost(Network.Wan, Network.Server, Network.Pool).Icmp(0, 0, id, 1).Payload(8).Build();
            ReferencePacket inside = new(bed.SendForOne(Network.Wan, reply, Network.Lan));
            Assert.Equal($"{host} 77", $"{inside.Destination} {inside.Tuple.DestinationPort.Host}");
        }
    }

    [Fact]
    public void An_untracked_packet_passes_unchanged_and_without_an_entry()
    {
        PlanBuilder builder = Network.Masquerading();
        builder.TrackRules.Add(new TrackRule { Match = RuleMatch.Any.Serving(IpProtocol.Udp, 123), Do = { Actions = TrackActions.NoTrack } });
        using RouterBed bed = new(builder);
        byte[] sent = bed.SendForOne(Network.Lan, Network.FromClient().Udp(5000, 123).Build(), Network.Wan);
        Assert.Equal(Network.Client, new ReferencePacket(sent).Source.ToString());
        Assert.Equal(0, bed.CountByDump());
    }

    [Fact]
    public void What_no_rule_accepts_is_dropped_by_default_and_opens_nothing()
    {
        PlanBuilder builder = Network.Plain();
        builder.FilterDefault = FilterVerdict.Drop;
        using RouterBed bed = new(builder);
        bed.SendForDrop(Network.Lan, Network.FromClient().Udp(5000, 53).Build(), DropReason.FilterDropped);
        Assert.Equal(0, bed.CountByDump());
    }
}
