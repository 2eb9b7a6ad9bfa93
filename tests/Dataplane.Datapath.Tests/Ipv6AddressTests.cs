using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>The router makes sure of its addresses before it uses them (RFC 4862 §5.4), and announces them.</summary>
public class Ipv6AddressTests
{
    private static readonly (int Port, string Address)[] s_own =
    [
        (Network.Lan, Ipv6Network.LanAddress), (Network.Lan, Ipv6Network.LanLinkLocal), (Network.Wan, Ipv6Network.WanAddress),
        (Network.Wan, "fe80::b"), (Network.Dmz, Ipv6Network.DmzAddress), (Network.Dmz, "fe80::c"),
    ];

    [Fact]
    public void Every_address_is_probed_for_once_then_announced_three_times_two_seconds_apart()
    {
        using RouterBed bed = new(Ipv6Network.Plain());
        bed.Settle();
        Assert.Equal(Expected(Probe), Frames(bed));
        Assert.Equal(0, Step(bed, 0.9));
        for (int round = 0; round < 3; round++)
        {
            bed.Take();
            bed.Advance(0.2);
            bed.Settle();
            Assert.Equal(Expected(Announcement), Frames(bed));
            Assert.Equal(0, Step(bed, 1.8));
        }

        Assert.Equal(0, Step(bed, 20));
    }

    [Fact]
    public void A_tentative_address_is_neither_answered_for_nor_spoken_from()
    {
        using RouterBed bed = new(Ipv6Network.Plain());
        bed.Settle();
        bed.Deliver(Network.Lan, Solicitation());
        Assert.Empty(bed.AllSent);
        bed.SendForDrop(Network.Lan, Ipv6Network.FromClient(Ipv6Network.LanAddress).Icmpv6(128, 0, 1).Build(), DropReason.LocalUnsupported);

        // What needs a neighbour waits for the addresses, too.
        bed.Deliver(Network.Lan, Ipv6Network.FromClient().Udp(5000, 53).Build());
        Assert.Empty(bed.AllSent);
        Assert.Equal(1, bed.World.WithRouter);
        bed.Advance(1.1);
        bed.Settle();
        Assert.Equal(Network.Wan, Assert.Single(bed.Take()).Port);
    }

    [Fact]
    public void An_address_that_somebody_has_stays_unused_and_is_asked_for_again_a_minute_later()
    {
        using RouterBed bed = new(Ipv6Network.Plain());
        bed.World.Rivals.Add(Ipv6Address.Parse(Ipv6Network.LanAddress));
        Ipv6Network.Start(bed);
        Assert.Equal(1ul, bed.Drops(DropReason.Ipv6AddressDuplicate));
        bed.Deliver(Network.Lan, Solicitation());
        Assert.Empty(bed.AllSent);
        bed.SendForDrop(Network.Lan, Ipv6Network.FromClient(Ipv6Network.LanAddress).Icmpv6(128, 0, 1).Build(), DropReason.LocalUnsupported);

        // The port's other address works, and packets are forwarded.
        bed.SendForOne(Network.Lan, Ipv6Network.FromClient().Udp(5000, 53).Build(), Network.Wan);
        bed.SendForOne(Network.Wan, Ipv6Network.FromServer().Udp(53, 5000).Build(), Network.Lan);

        bed.World.Rivals.Clear();
        bed.Take();
        for (int second = 0; second < 62; second++)
        {
            bed.Advance(1);
            bed.Settle();
        }

        Assert.Contains(Probe(Network.Lan, Ipv6Network.LanAddress), bed.SentDiscovery().Select(frame => frame.Bytes), ByteArrays.Same);
        bed.SendForOne(Network.Lan, Ipv6Network.FromClient(Ipv6Network.LanAddress).Icmpv6(128, 0, 1).Build(), Network.Lan);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 0)]
    [InlineData(true, 1)]
    public void A_rival_at_the_same_time_is_an_objection_by_probe_or_by_advertisement(bool byProbe, int worker)
    {
        using RouterBed bed = new(Ipv6Network.Plain(), workers: 2);
        bed.Settle();
        PacketBuilder rival = new PacketBuilder().Ethernet(Ipv6Network.MacOf("fe80::66"), Ipv6Network.GroupMac("ff02::1"));
        byte[] frame = byProbe
            ? rival.Ipv6("::", "ff02::1:ff00:1", 255).NeighbourSolicitation(Ipv6Network.LanAddress).Build()
            : rival.Ipv6(Ipv6Network.LanAddress, "ff02::1", 255).NeighbourAdvertisement(NeighbourFlags.Override, Ipv6Network.LanAddress).Build();
        bed.Inject(Network.Lan, frame, worker);
        bed.Settle();
        Assert.Equal(1ul, bed.Drops(DropReason.Ipv6AddressDuplicate));
        Ipv6Network.Start(bed);
        bed.SendForDrop(
            Network.Lan, Ipv6Network.FromClient(Ipv6Network.LanAddress).Icmpv6(128, 0, 1).Build(), DropReason.LocalUnsupported);
    }

    [Fact]
    public void A_valid_address_survives_the_claims_of_others_which_are_counted()
    {
        using RouterBed bed = Ipv6Network.Started();
        PacketBuilder rival = new PacketBuilder().Ethernet(Ipv6Network.MacOf("fe80::66"), Ipv6Network.GroupMac("ff02::1"));
        byte[] claim = rival.Ipv6(Ipv6Network.LanAddress, "ff02::1", 255).NeighbourAdvertisement(NeighbourFlags.Override, Ipv6Network.LanAddress).Build();
        bed.SendForDrop(Network.Lan, claim, DropReason.Ipv6AddressDuplicate);
        byte[] question = rival.Ipv6(Ipv6Network.LanAddress, "ff02::1:ff00:10", 255).NeighbourSolicitation(Ipv6Network.Client).Build();
        bed.SendForDrop(Network.Lan, question, DropReason.Ipv6AddressDuplicate);
        bed.SendForOne(Network.Lan, Ipv6Network.FromClient(Ipv6Network.LanAddress).Icmpv6(128, 0, 1).Build(), Network.Lan);
    }

    [Fact]
    public void A_probe_that_finds_no_buffer_is_sent_later_and_nothing_is_valid_before()
    {
        using RouterBed bed = new(Ipv6Network.Plain());
        // Each port's report of its groups comes first.
        bed.World.AllocationsToRefuse = 3 + s_own.Length;
        bed.Settle();
        Assert.Empty(bed.SentDiscovery());
        bed.Advance(5);
        bed.Settle();
        Assert.Equal(Expected(Probe), Frames(bed));
    }

    private static int Step(RouterBed bed, double seconds)
    {
        bed.Take();
        bed.Advance(seconds);
        bed.Settle();
        return bed.SentDiscovery().Length;
    }

    private static byte[] Solicitation() => new PacketBuilder()
        .Ethernet(Ipv6Network.MacOf(Ipv6Network.Client), Ipv6Network.GroupMac("ff02::1:ff00:1"))
        .Ipv6(Ipv6Network.Client, "ff02::1:ff00:1", 255)
        .NeighbourSolicitation(Ipv6Network.LanAddress, PacketBuilder.LinkLayerOption(1, Ipv6Network.MacOf(Ipv6Network.Client)))
        .Build();

    private static string[] Expected(Func<int, string, byte[]> make) =>
        [.. s_own.Select(own => $"{own.Port} {Convert.ToHexString(make(own.Port, own.Address))}").Order()];

    private static string[] Frames(RouterBed bed) =>
        [.. bed.SentDiscovery().Select(frame => $"{frame.Port} {Convert.ToHexString(frame.Bytes)}").Order()];

    private static byte[] Probe(int port, string address)
    {
        string group = $"ff02::1:ff00:{address.Split(':')[^1]}";
        MacAddress to = MacAddress.Parse($"33:33:ff:00:00:0{address[^1]}");
        return new PacketBuilder().Ethernet(Network.MacOfPort(port), to).Ipv6("::", group, 255).NeighbourSolicitation(address).Build();
    }

    private static byte[] Announcement(int port, string address) => new PacketBuilder()
        .Ethernet(Network.MacOfPort(port), MacAddress.Parse("33:33:00:00:00:01"))
        .Ipv6(address, "ff02::1", 255)
        .NeighbourAdvertisement((NeighbourFlags)0xA0, address, PacketBuilder.LinkLayerOption(2, Network.MacOfPort(port)))
        .Build();

    private sealed class ByteArrays : IEqualityComparer<byte[]>
    {
        public static readonly ByteArrays Same = new();

        public bool Equals(byte[]? left, byte[]? right) => left.AsSpan().SequenceEqual(right);

        public int GetHashCode(byte[] bytes) => bytes.Length;
    }
}
