using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>Reports of the groups that the router listens to (RFC 3810), by which snooping switches let its frames through.</summary>
public class Ipv6MulticastReportTests
{
    private const string Solicited = "ff02::1:ff00:1";
    private const string SolicitedLinkLocal = "ff02::1:ff00:a";

    [Fact]
    public void Before_the_first_probe_all_groups_are_reported_from_nowhere_and_once_more_a_second_later_from_the_valid_address()
    {
        using RouterBed bed = new(Ipv6Network.Plain());
        bed.Settle();
        Assert.Equal(Report("::", 4), Single(bed));
        Assert.NotEmpty(bed.SentDiscovery());
        _ = bed.Take();
        bed.Advance(1.1);
        bed.Settle();
        Assert.Equal(Report(Ipv6Network.LanLinkLocal, 4), Single(bed), (expected, actual) => IsSameButSource(expected, actual));
        _ = bed.Take();
        bed.Advance(300);
        bed.Settle();
        Assert.Empty(bed.SentGroupReports());
    }

    [Theory]
    [InlineData("::", true)]
    [InlineData(Solicited, true)]
    [InlineData("ff02::2", true)]
    [InlineData("ff02::1", false)]
    [InlineData("ff02::1:ff99:9999", false)]
    public void A_query_is_answered_within_the_time_that_it_allows_if_it_is_about_an_own_group(string group, bool isAnswered)
    {
        List<double> delays = [];
        using RouterBed bed = Ipv6Network.Started();
        for (int round = 0; round < 20; round++)
        {
            bed.Inject(Network.Lan, Query("fe80::66", group, milliseconds: 2000));
            double delay = 0;
            bed.Settle();
            for (; bed.SentGroupReports().Length == 0 && delay < 3; delay += 0.02)
            {
                bed.Advance(0.02);
                bed.Settle();
            }

            if (isAnswered)
            {
                Assert.Equal(Report(Ipv6Network.LanLinkLocal, 2), Single(bed));
                delays.Add(delay);
            }

            Assert.Equal(isAnswered, delay < 2.05);
            _ = bed.Take();
        }

        Assert.True(!isAnswered || delays.Distinct().Count() > 5, "the delay is not random");
    }

    [Fact]
    public void A_query_of_the_first_version_is_answered_in_it_with_one_message_for_each_group()
    {
        using RouterBed bed = Ipv6Network.Started();
        bed.Inject(Network.Lan, Query("fe80::66", "::", milliseconds: 10, version: 1));
        for (int round = 0; round < 3; round++)
        {
            bed.Settle();
            bed.Advance(0.02);
        }

        bed.Settle();
        byte[][] reports = [.. bed.SentGroupReports().Select(frame => frame.Bytes)];
        string[] groups = ["ff02::2", Solicited, SolicitedLinkLocal];
        Assert.Equal(groups.Length, reports.Length);
        Assert.All(groups, group => Assert.Contains(
            Alerting(Ipv6Network.LanLinkLocal, group, 131, [0, 0, 0, 0, .. IPAddress.Parse(group).GetAddressBytes()]), reports));
    }

    [Theory]
    [InlineData("2001:db8:1::66", 1)]
    [InlineData("fe80::66", 2)]
    public void A_query_from_beyond_the_link_is_refused(string source, byte hopLimit)
    {
        using RouterBed bed = Ipv6Network.Started();
        bed.SendForDrop(Network.Lan, Query(source, "::", 10, hopLimit: hopLimit), DropReason.Ipv6NeighbourInvalid);
        bed.Advance(1);
        bed.Settle();
        Assert.Empty(bed.SentGroupReports());
    }

    [Fact]
    public void What_others_listen_to_is_taken_in_silence()
    {
        using RouterBed bed = Ipv6Network.Started();
        byte[] report = new PacketBuilder().Ethernet(Ipv6Network.MacOf("fe80::66"), MacAddress.Parse("33:33:00:00:00:16"))
            .Ipv6("fe80::66", "ff02::16", 1).Icmpv6(143, 0, 1).Payload([4, 0, 0, 0, .. IPAddress.Parse("ff02::fb").GetAddressBytes()]).Build();
        ulong dropped = bed.Router.Totals().Dropped;
        Assert.Empty(bed.Send(Network.Lan, report));
        Assert.Equal(dropped, bed.Router.Totals().Dropped);
    }

    private static byte[] Single(RouterBed bed) => Assert.Single(bed.SentGroupReports(), frame => frame.Port == Network.Lan).Bytes;

    private static bool IsSameButSource(byte[] expected, byte[] actual) =>
        expected.Length == actual.Length && expected.AsSpan(70).SequenceEqual(actual.AsSpan(70));

    private static byte[] Report(string source, byte type)
    {
        byte[] Record(string group) => [type, 0, 0, 0, .. IPAddress.Parse(group).GetAddressBytes()];
        return Alerting(source, "ff02::16", 143, [0, 0, 0, 3, .. Record("ff02::2"), .. Record(Solicited), .. Record(SolicitedLinkLocal)]);
    }

    /// <summary>A message behind a router alert; its first four bytes are the ICMPv6 header's rest.</summary>
    private static byte[] Alerting(string source, string destination, byte type, byte[] message) => new PacketBuilder()
        .Ethernet(Network.MacOfPort(Network.Lan), Ipv6Multicast.Mac(Ipv6Address.Parse(destination)))
        .Ipv6(source, destination, 1)
        .Extension(0, 0, 0, 5, 2, 0, 0, 1, 0)
        .Icmpv6(type, 0, (uint)(message[0] << 24 | message[1] << 16 | message[2] << 8 | message[3]))
        .Payload(message[4..])
        .Build();

    private static byte[] Query(string source, string group, ushort milliseconds, int version = 2, byte hopLimit = 1)
    {
        byte[] more = version == 2 ? [2, 125, 0, 0] : [];
        return new PacketBuilder()
            .Ethernet(Ipv6Network.MacOf("fe80::66"), MacAddress.Parse("33:33:00:00:00:01"))
            .Ipv6(source, "ff02::1", hopLimit)
            .Extension(0, 0, 0, 5, 2, 0, 0, 1, 0)
            .Icmpv6(130, 0, (uint)milliseconds << 16)
            .Payload([.. IPAddress.Parse(group).GetAddressBytes(), .. more])
            .Build();
    }
}
