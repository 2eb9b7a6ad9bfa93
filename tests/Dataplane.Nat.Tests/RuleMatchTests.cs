using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Nat.Tests;

/// <summary>A condition matches what is inside all of its ranges, ends included, and nothing else.</summary>
public sealed class RuleMatchTests
{
    [Fact]
    public void Structures_of_the_plan_have_their_documented_sizes()
    {
        Assert.Equal(72, Unsafe.SizeOf<RuleMatch>());
        Assert.Equal(112, Unsafe.SizeOf<RuleMatch6>());
        Assert.Equal(16, Unsafe.SizeOf<ConnectionLabel>());
        Assert.Equal(32, Unsafe.SizeOf<TrackEffect>());
        Assert.Equal(104, Unsafe.SizeOf<TrackRule>());
        Assert.Equal(144, Unsafe.SizeOf<TrackRule6>());
        Assert.Equal(88, Unsafe.SizeOf<DestinationRule>());
        Assert.Equal(80, Unsafe.SizeOf<FilterRule>());
        Assert.Equal(120, Unsafe.SizeOf<FilterRule6>());
        Assert.Equal(80, Unsafe.SizeOf<SourceRule>());
        Assert.Equal(8, Unsafe.SizeOf<AddressRange>());
        Assert.Equal(12, Unsafe.SizeOf<AddressPool>());
        Assert.Equal(16, Unsafe.SizeOf<ReservedPorts>());
        Assert.Equal(4, Unsafe.SizeOf<Rewrite>());
    }

    [Theory]
    [InlineData(nameof(RuleMatch.InPorts), 0)]
    [InlineData(nameof(RuleMatch.OutPorts), 8)]
    [InlineData(nameof(RuleMatch.SourceLow), 16)]
    [InlineData(nameof(RuleMatch.DestinationLow), 24)]
    [InlineData(nameof(RuleMatch.SourcePortLow), 32)]
    [InlineData(nameof(RuleMatch.DestinationPortLow), 36)]
    [InlineData(nameof(RuleMatch.Protocol), 40)]
    [InlineData(nameof(RuleMatch.States), 41)]
    [InlineData(nameof(RuleMatch.Mark), 44)]
    [InlineData(nameof(RuleMatch.MarkMask), 48)]
    [InlineData(nameof(RuleMatch.Label), 56)]
    public void A_field_of_a_match_is_where_its_table_says(string field, int offset) =>
        Assert.Equal(offset, (int)Marshal.OffsetOf<RuleMatch>(field));

    [Fact]
    public void A_match_without_conditions_takes_every_packet_of_every_protocol()
    {
        var random = new Random(1);
        for (int count = 0; count < 10_000; count++)
        {
            FirstPacket packet = default;
            packet.Tuple.Source = Ipv4Address.FromRaw((uint)random.NextInt64(1L << 32));
            packet.Tuple.Destination = Ipv4Address.FromRaw((uint)random.NextInt64(1L << 32));
            packet.Tuple.SourcePort = Be16.FromRaw((ushort)random.Next(65536));
            packet.Tuple.DestinationPort = Be16.FromRaw((ushort)random.Next(65536));
            packet.Tuple.Protocol = (byte)random.Next(256);
            packet.In = (byte)random.Next(64);
            packet.Out = (byte)random.Next(64);
            Assert.True(RuleMatch.Any.Matches(packet, routed: false));
            Assert.True(RuleMatch.Any.Matches(packet, routed: true));
        }
    }

    [Theory]
    [InlineData("10.0.0.0", "10.0.0.255", "9.255.255.255", false)]
    [InlineData("10.0.0.0", "10.0.0.255", "10.0.0.0", true)]
    [InlineData("10.0.0.0", "10.0.0.255", "10.0.0.255", true)]
    [InlineData("10.0.0.0", "10.0.0.255", "10.0.1.0", false)]
    [InlineData("10.0.0.7", "10.0.0.7", "10.0.0.7", true)]
    [InlineData("10.0.0.7", "10.0.0.7", "10.0.0.8", false)]
    [InlineData("0.0.0.0", "127.255.255.255", "0.0.0.0", true)]
    [InlineData("0.0.0.0", "127.255.255.255", "128.0.0.0", false)]
    [InlineData("128.0.0.0", "255.255.255.255", "255.255.255.255", true)]
    [InlineData("128.0.0.0", "255.255.255.255", "127.255.255.255", false)]
    public void An_address_range_holds_both_its_ends_and_nothing_beyond(string low, string high, string address, bool matches)
    {
        RuleMatch bySource = RuleMatch.Any;
        bySource.SourceLow = Ipv4Address.Parse(low).Host;
        bySource.SourceHigh = Ipv4Address.Parse(high).Host;
        Assert.Equal(matches, bySource.Matches(Packets.First(source: address), routed: true));

        RuleMatch byDestination = RuleMatch.Any;
        byDestination.DestinationLow = Ipv4Address.Parse(low).Host;
        byDestination.DestinationHigh = Ipv4Address.Parse(high).Host;
        Assert.Equal(matches, byDestination.Matches(Packets.First(destination: address), routed: true));
    }

    [Theory]
    [InlineData(80, 90, 79, false)]
    [InlineData(80, 90, 80, true)]
    [InlineData(80, 90, 90, true)]
    [InlineData(80, 90, 91, false)]
    [InlineData(0, 0, 0, true)]
    [InlineData(0, 0, 1, false)]
    [InlineData(65535, 65535, 65535, true)]
    [InlineData(65535, 65535, 0, false)]
    [InlineData(0, 65534, 65535, false)]
    [InlineData(1, 65535, 0, false)]
    [InlineData(0, 65535, 65535, true)]
    public void A_port_range_holds_both_its_ends_and_nothing_beyond(int low, int high, int port, bool matches)
    {
        foreach (byte protocol in new[] { IpProtocol.Tcp, IpProtocol.Udp })
        {
            RuleMatch bySource = RuleMatch.Any;
            bySource.SourcePortLow = (ushort)low;
            bySource.SourcePortHigh = (ushort)high;
            Assert.Equal(matches, bySource.Matches(Packets.First(protocol, sourcePort: (ushort)port), routed: true));

            RuleMatch byDestination = RuleMatch.Any;
            byDestination.DestinationPortLow = (ushort)low;
            byDestination.DestinationPortHigh = (ushort)high;
            Assert.Equal(matches, byDestination.Matches(Packets.First(protocol, destinationPort: (ushort)port), routed: true));
        }
    }

    [Fact]
    public void Both_port_ranges_have_to_match()
    {
        RuleMatch match = RuleMatch.Any;
        (match.SourcePortLow, match.SourcePortHigh) = (1000, 2000);
        (match.DestinationPortLow, match.DestinationPortHigh) = (80, 80);
        Assert.True(match.Matches(Packets.First(sourcePort: 1500, destinationPort: 80), routed: true));
        Assert.False(match.Matches(Packets.First(sourcePort: 1500, destinationPort: 81), routed: true));
        Assert.False(match.Matches(Packets.First(sourcePort: 999, destinationPort: 80), routed: true));
    }

    [Fact]
    public void An_icmp_id_is_no_port()
    {
        RuleMatch match = RuleMatch.Any;
        match.SourcePortLow = 1;
        Assert.False(match.Matches(Packets.First(IpProtocol.Icmp, sourcePort: 7, destinationPort: 0), routed: true));
        match.SourcePortLow = 0;
        Assert.True(match.Matches(Packets.First(IpProtocol.Icmp, sourcePort: 7, destinationPort: 0), routed: true));
    }

    [Fact]
    public void A_protocol_matches_itself_alone()
    {
        RuleMatch match = RuleMatch.Any;
        match.Protocol = IpProtocol.Udp;
        Assert.True(match.Matches(Packets.First(IpProtocol.Udp), routed: true));
        Assert.False(match.Matches(Packets.First(IpProtocol.Tcp), routed: true));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(63)]
    public void A_port_set_holds_exactly_its_bits(int number)
    {
        RuleMatch match = RuleMatch.Any;
        match.InPorts = 1ul << number;
        for (byte ingress = 0; ingress < 64; ingress++)
        {
            Assert.Equal(ingress == number, match.Matches(Packets.First(ingress: ingress), routed: true));
        }

        match = RuleMatch.Any;
        match.OutPorts = 1ul << number;
        for (byte egress = 0; egress < 64; egress++)
        {
            Assert.Equal(egress == number, match.Matches(Packets.First(egress: egress), routed: true));
            Assert.True(match.Matches(Packets.First(egress: egress), routed: false));
        }
    }
}
