using System;
using System.Linq;
using Dataplane.Datapath.SlowPath.Ipv6;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>Neighbour discovery (RFC 4861 §7): what is answered, asked, learned and refused.</summary>
public sealed unsafe class Ipv6NeighbourTests : IDisposable
{
    private const string Stranger = "fe80::66";
    private static readonly MacAddress s_other = MacAddress.Parse("02:aa:bb:cc:dd:ee");
    private readonly RouterBed _bed = Ipv6Network.Started();

    public void Dispose() => _bed.Dispose();

    [Theory]
    [InlineData(Ipv6Network.LanAddress, Ipv6Network.Client, 0xE0)]
    [InlineData(Ipv6Network.LanLinkLocal, "fe80::77", 0xE0)]
    [InlineData(Ipv6Network.LanAddress, "fe80::77", 0xE0)]
    [InlineData("2001:db8:1::", Ipv6Network.Client, 0xC0)]
    [InlineData("2001:db8:1::2", Ipv6Network.Client, 0)]
    [InlineData(Ipv6Network.WanAddress, Ipv6Network.Client, 0)]
    [InlineData("fe80::b", Ipv6Network.Client, 0)]
    public void A_solicitation_is_answered_for_the_ports_own_addresses_only(string target, string asker, byte flags)
    {
        string group = Ipv6Multicast.SolicitedNode(Ipv6Address.Parse(target)).ToString();
        _bed.Inject(Network.Lan, Solicit(asker, group, target, Source(asker)));
        _bed.Settle();

        // A unicast probe, which needs no option.
        _bed.Inject(Network.Lan, Solicit(asker, Ipv6Network.LanLinkLocal, target));
        _bed.Settle();
        byte[] expected = new PacketBuilder()
            .Ethernet(Network.MacOfPort(Network.Lan), Ipv6Network.MacOf(asker))
            .Ipv6(flags == 0xC0 ? Ipv6Network.LanAddress : target, asker, 255)
            .NeighbourAdvertisement((NeighbourFlags)flags, target, PacketBuilder.LinkLayerOption(2, Network.MacOfPort(Network.Lan)))
            .Build();
        SentFrame[] sent = _bed.SentDiscovery();
        Assert.Equal(flags == 0 ? 0 : 2, sent.Length);
        Assert.All(sent, frame => Assert.Equal(expected, frame.Bytes));
    }

    [Fact]
    public void A_probe_for_a_valid_address_is_answered_to_all_and_teaches_nothing()
    {
        uint used = _bed.Router.Neighbours->Used;
        _bed.Inject(Network.Lan, Solicit("::", "ff02::1:ff00:1", Ipv6Network.LanAddress));
        _bed.Settle();
        byte[] expected = new PacketBuilder()
            .Ethernet(Network.MacOfPort(Network.Lan), MacAddress.Parse("33:33:00:00:00:01"))
            .Ipv6(Ipv6Network.LanAddress, "ff02::1", 255)
            .NeighbourAdvertisement((NeighbourFlags)0xA0, Ipv6Network.LanAddress, PacketBuilder.LinkLayerOption(2, Network.MacOfPort(Network.Lan)))
            .Build();
        Assert.Equal(expected, Assert.Single(_bed.SentDiscovery()).Bytes);
        Assert.Equal(used, _bed.Router.Neighbours->Used);
    }

    public static TheoryData<string, string, string, byte[]> InvalidSolicitations => new()
    {
        { Ipv6Network.Client, "ff02::1:ff00:1", "ff02::1", [] },
        { "::", Ipv6Network.LanAddress, Ipv6Network.LanAddress, [] },
        { "::", "ff02::1:ff00:1", Ipv6Network.LanAddress, PacketBuilder.LinkLayerOption(1, s_other) },
        { Ipv6Network.Client, "ff02::1:ff00:1", Ipv6Network.LanAddress, [1, 0, 0, 0, 0, 0, 0, 0] },
        { Ipv6Network.Client, "ff02::1:ff00:1", Ipv6Network.LanAddress, [14, 2, 0, 0, 0, 0, 0, 0] },
        { Ipv6Network.Client, "ff02::1:ff00:1", Ipv6Network.LanAddress, [1] },
        { Ipv6Network.Client, "ff02::1:ff00:1", Ipv6Network.LanAddress, [1, 2, .. new byte[14]] },
        { Ipv6Network.Client, "ff02::1:ff00:1", Ipv6Network.LanAddress, PacketBuilder.LinkLayerOption(1, s_other) },
        { Ipv6Network.Client, "ff02::1:ff00:1", Ipv6Network.LanAddress, PacketBuilder.LinkLayerOption(1, MacAddress.Broadcast) },
        { "2001:db8:99::1", "ff02::1:ff00:1", Ipv6Network.LanAddress, [] },
    };

    [Theory]
    [MemberData(nameof(InvalidSolicitations))]
    public void An_invalid_solicitation_is_dropped(string source, string destination, string target, byte[] options)
    {
        _bed.Deliver(Network.Lan, Solicit(source, destination, target, options));
        Assert.Empty(_bed.AllSent);
        Assert.Equal(1ul, _bed.Drops(DropReason.Ipv6NeighbourInvalid));
    }

    [Fact]
    public void Unknown_options_are_passed_over()
    {
        byte[] options = [14, 2, .. new byte[14], .. Source(Ipv6Network.Client)];
        _bed.Inject(Network.Lan, Solicit(Ipv6Network.Client, "ff02::1:ff00:1", Ipv6Network.LanAddress, options));
        _bed.Settle();
        Assert.Single(_bed.SentDiscovery());
    }

    [Fact]
    public void A_wrong_checksum_is_noticed_even_if_checksums_are_trusted()
    {
        PlanBuilder builder = Ipv6Network.Plain();
        builder.VerifyChecksums = false;
        using RouterBed bed = Ipv6Network.Started(builder);
        byte[] frame = Solicit(Ipv6Network.Client, "ff02::1:ff00:1", Ipv6Network.LanAddress);
        frame[^1] ^= 1;
        bed.SendForDrop(Network.Lan, frame, DropReason.Ipv6NeighbourInvalid);
    }

    [Fact]
    public void What_came_through_a_router_is_dropped()
    {
        byte[] frame = From(Ipv6Network.Client, "ff02::1:ff00:1", hopLimit: 254).NeighbourSolicitation(Ipv6Network.LanAddress).Build();
        _bed.SendForDrop(Network.Lan, frame, DropReason.Ipv6NeighbourInvalid);
    }

    [Fact]
    public void Packets_wait_for_the_advertisement_and_leave_in_order()
    {
        _bed.World.AnswersSolicitations = false;
        for (ushort number = 0; number < 10; number++)
        {
            _bed.Deliver(Network.Lan, Ipv6Network.FromClient().Udp((ushort)(5000 + number), 53).Build());
            byte[][] expected = number == 0 ? [ExpectedAsk(Ipv6Network.WanAddress, Ipv6Network.WanRouter, null)] : [];
            Assert.Equal(expected, _bed.AllSent.Select(frame => frame.Bytes));
            _bed.Check();
        }

        Assert.Equal(10, _bed.World.WithRouter);
        SentFrame[] released = _bed.Send(Network.Wan, Answer(Ipv6Network.WanRouter, Ipv6Network.MacOf(Ipv6Network.WanRouter)));
        Assert.Equal(Enumerable.Range(5000, 10), released.Select(frame => frame.Bytes[54] << 8 | frame.Bytes[55]));
        Assert.All(released, frame => Assert.Equal(Ipv6Network.MacOf(Ipv6Network.WanRouter), MacAddress.FromBytes(frame.Bytes)));
    }

    [Fact]
    public void A_silent_neighbour_is_asked_three_times_and_every_waiting_packet_is_reported()
    {
        _bed.World.AnswersSolicitations = false;
        byte[] first = Ipv6Network.FromHost(Network.Lan, "2001:db8:1::20", Ipv6Network.DmzHost).Udp(5000, 53).Payload(4).Build();
        Learn("2001:db8:1::20");
        _bed.Deliver(Network.Lan, first);
        int asked = _bed.SentDiscovery().Length;
        Assert.Equal(1, asked);
        _bed.Deliver(Network.Lan, first);
        Assert.Empty(_bed.AllSent);
        for (int tenth = 0; tenth < 29; tenth++)
        {
            _bed.Advance(0.1);
            _bed.Settle();
            Assert.DoesNotContain(_bed.AllSent, frame => frame.Port != Network.Dmz);
            asked += _bed.SentDiscovery().Length;
            Assert.Empty(_bed.Take());
        }

        _bed.Advance(0.2);
        _bed.Settle();
        Assert.Equal(3, asked);

        // The lowered hop limit is what waited; the rest is as it was sent. The router speaks from the port that it asked.
        byte[] quoted = first[14..];
        quoted[7]--;
        byte[] expected = new PacketBuilder()
            .Ethernet(Network.MacOfPort(Network.Lan), Ipv6Network.MacOf("2001:db8:1::20"))
            .Ipv6(Ipv6Network.DmzAddress, "2001:db8:1::20")
            .Icmpv6(1, 3)
            .Payload(quoted)
            .Build();
        SentFrame[] errors = _bed.Take();
        Assert.Equal(2, errors.Length);
        Assert.All(errors, error => Assert.Equal(expected, error.Bytes));
        Assert.Equal(2ul, _bed.Drops(DropReason.NeighbourUnresolved));

        // Given up: the next packet is refused at once, with its own hop limit, until it is time to ask again.
        byte[] refused = _bed.SendForOne(Network.Lan, first, Network.Lan);
        Assert.Equal(first[14..], refused[62..]);
        _bed.Advance(3.1);
        _bed.World.AnswersSolicitations = true;
        Assert.Contains(_bed.Send(Network.Lan, first), frame => frame.Port == Network.Dmz);
    }

    [Fact]
    public void A_reachable_neighbour_is_asked_again_by_itself_and_serves_meanwhile()
    {
        byte[] frame = Ipv6Network.FromClient().Udp(5000, 53).Build();
        _bed.SendForOne(Network.Lan, frame, Network.Wan);
        _bed.World.AnswersSolicitations = false;
        _bed.Advance(29.9);
        _bed.Settle();
        Assert.Empty(_bed.SentDiscovery());
        _bed.Advance(0.2);
        _bed.Settle();
        byte[] expected = ExpectedAsk(Ipv6Network.WanAddress, Ipv6Network.WanRouter, Ipv6Network.MacOf(Ipv6Network.WanRouter));
        Assert.Equal(expected, Assert.Single(_bed.SentDiscovery()).Bytes);
        _bed.SendForOne(Network.Lan, frame, Network.Wan);
    }

    [Fact]
    public void An_advertisement_that_nobody_asked_for_teaches_nothing()
    {
        uint used = _bed.Router.Neighbours->Used;
        byte[] frame = From(Stranger, "ff02::1").NeighbourAdvertisement(NeighbourFlags.Override, Stranger, Target(Ipv6Network.MacOf(Stranger))).Build();
        Assert.Empty(_bed.Send(Network.Lan, frame));
        Assert.Equal(used, _bed.Router.Neighbours->Used);
    }

    [Fact]
    public void A_neighbour_that_moved_is_followed_only_if_it_overrides()
    {
        byte[] frame = Ipv6Network.FromClient().Udp(5000, 53).Build();
        _bed.SendForOne(Network.Lan, frame, Network.Wan);
        Assert.Empty(_bed.Send(Network.Wan, Answer(Ipv6Network.WanRouter, s_other, NeighbourFlags.None)));
        byte[] sent = _bed.SendForOne(Network.Lan, frame, Network.Wan);
        Assert.Equal(Ipv6Network.MacOf(Ipv6Network.WanRouter), MacAddress.FromBytes(sent));
        Assert.Empty(_bed.Send(Network.Wan, Answer(Ipv6Network.WanRouter, s_other, NeighbourFlags.Override)));
        sent = _bed.SendForOne(Network.Lan, frame, Network.Wan);
        Assert.Equal(s_other, MacAddress.FromBytes(sent));
    }

    [Fact]
    public void A_solicitation_of_a_known_neighbour_updates_it_and_it_is_probed_soon()
    {
        byte[] frame = Ipv6Network.FromClient().Udp(5000, 53).Build();
        _bed.SendForOne(Network.Lan, frame, Network.Wan);
        byte[] solicitation = new PacketBuilder()
            .Ethernet(s_other, Ipv6Network.GroupMac("ff02::1:ff00:1"))
            .Ipv6(Ipv6Network.WanRouter, "ff02::1:ff00:1", 255)
            .NeighbourSolicitation(Ipv6Network.WanAddress, PacketBuilder.LinkLayerOption(1, s_other))
            .Build();
        Assert.Empty(_bed.Send(Network.Wan, solicitation));
        Assert.Equal(s_other, MacAddress.FromBytes(_bed.SendForOne(Network.Lan, frame, Network.Wan)));
        _bed.World.AnswersSolicitations = false;
        _bed.Advance(5.1);
        _bed.Settle();
        Assert.Contains(ExpectedAsk(Ipv6Network.WanAddress, Ipv6Network.WanRouter, s_other), _bed.SentDiscovery().Select(one => one.Bytes));
    }

    [Theory]
    [InlineData(NeighbourFlags.Solicited, "ff02::1", Ipv6Network.WanRouter)]
    [InlineData(NeighbourFlags.None, Ipv6Network.WanAddress, "ff02::5")]
    public void An_invalid_advertisement_is_dropped(NeighbourFlags flags, string destination, string target)
    {
        byte[] frame = From(Stranger, destination, port: Network.Wan).NeighbourAdvertisement(flags, target).Build();
        _bed.SendForDrop(Network.Wan, frame, DropReason.Ipv6NeighbourInvalid);
    }

    [Fact]
    public void Advertisements_and_redirects_of_routers_are_for_hosts()
    {
        ulong consumed = _bed.Router.Totals().Consumed;
        byte[] prefix = [3, 4, 64, 0xC0, .. new byte[28]];
        Assert.Empty(_bed.Send(Network.Lan, From(Stranger, "ff02::1").Icmpv6(134, 0, 0x4000_0708).Payload([.. new byte[8], .. prefix]).Build()));
        Assert.Empty(_bed.Send(Network.Lan, From(Stranger, Ipv6Network.LanAddress).Icmpv6(137).Payload(new byte[32]).Build()));
        Assert.Equal(consumed + 2, _bed.Router.Totals().Consumed);
        _bed.SendForDrop(
            Network.Lan, From(Ipv6Network.Client, "ff02::1").Icmpv6(134, 0, 0x4000_0708).Payload(new byte[8]).Build(), DropReason.Ipv6NeighbourInvalid);
    }

    [Fact]
    public void The_links_echo_of_the_routers_own_words_changes_nothing()
    {
        byte[] own = new PacketBuilder()
            .Ethernet(Network.MacOfPort(Network.Lan), MacAddress.Parse("33:33:ff:00:00:01"))
            .Ipv6("::", "ff02::1:ff00:1", 255)
            .NeighbourSolicitation(Ipv6Network.LanAddress)
            .Build();
        _bed.Deliver(Network.Lan, own);
        Assert.Empty(_bed.AllSent);
        Assert.Equal(0ul, _bed.Drops(DropReason.Ipv6AddressDuplicate));
    }

    [Fact]
    public void A_question_that_finds_no_buffer_is_repeated_and_the_packet_waits()
    {
        _bed.World.AllocationsToRefuse = 1;
        Assert.Empty(_bed.Send(Network.Lan, Ipv6Network.FromClient().Udp(5000, 53).Build()));
        Assert.Equal(1ul, _bed.Router.Totals().NoBuffer);
        _bed.Advance(1.1);
        _bed.Settle();
        Assert.Equal(Network.Wan, Assert.Single(_bed.Take()).Port);
    }

    public static TheoryData<NeighbourState, ulong, NeighbourFlags, bool, NeighbourState, ulong> Evidence => new()
    {
        // Columns: state, stated address, flags | changed, state, address; the known address is 1 (RFC 4861 appendix C).
        { NeighbourState.Resolving, 0, NeighbourFlags.Solicited, false, default, 0 },
        { NeighbourState.Resolving, 2, NeighbourFlags.Solicited, true, NeighbourState.Reachable, 2 },
        { NeighbourState.Resolving, 2, NeighbourFlags.None, true, NeighbourState.Stale, 2 },
        { NeighbourState.Reachable, 1, NeighbourFlags.None, false, NeighbourState.Reachable, 1 },
        { NeighbourState.Reachable, 0, NeighbourFlags.Solicited, true, NeighbourState.Reachable, 1 },
        { NeighbourState.Reachable, 2, NeighbourFlags.None, true, NeighbourState.Stale, 1 },
        { NeighbourState.Reachable, 2, NeighbourFlags.Solicited, true, NeighbourState.Stale, 1 },
        { NeighbourState.Reachable, 2, NeighbourFlags.Override, true, NeighbourState.Stale, 2 },
        { NeighbourState.Reachable, 2, NeighbourFlags.Override | NeighbourFlags.Solicited, true, NeighbourState.Reachable, 2 },
        { NeighbourState.Stale, 1, NeighbourFlags.Solicited, true, NeighbourState.Reachable, 1 },
        { NeighbourState.Stale, 2, NeighbourFlags.Solicited, false, NeighbourState.Stale, 1 },
        { NeighbourState.Stale, 2, NeighbourFlags.Override, true, NeighbourState.Stale, 2 },
        { NeighbourState.Failed, 2, NeighbourFlags.Override | NeighbourFlags.Solicited, false, NeighbourState.Failed, 1 },
        { NeighbourState.Free, 2, NeighbourFlags.Override | NeighbourFlags.Solicited, false, NeighbourState.Free, 1 },
    };

    [Theory]
    [MemberData(nameof(Evidence))]
    public void Evidence_changes_a_neighbour_as_the_state_table_says(
        NeighbourState state, ulong stated, NeighbourFlags flags, bool changes, NeighbourState next, ulong nextMac)
    {
        NeighbourEvidence evidence = new(stated, (flags & NeighbourFlags.Solicited) != 0, (flags & NeighbourFlags.Override) != 0);
        ulong mac = 1;
        Assert.Equal(changes, evidence.Apply(ref state, ref mac));
        if (changes)
        {
            Assert.Equal((next, nextMac), (state, mac));
        }
    }

    /// <summary>Makes the router know a host on the lan.</summary>
    private void Learn(string host)
    {
        _bed.World.AnswersSolicitations = true;
        _bed.Send(Network.Lan, Ipv6Network.FromHost(Network.Lan, host, Ipv6Network.LanAddress).Icmpv6(128, 0, 1).Build());
        _bed.World.AnswersSolicitations = false;
    }

    private static byte[] ExpectedAsk(string source, string target, MacAddress? known)
    {
        string group = Ipv6Multicast.SolicitedNode(Ipv6Address.Parse(target)).ToString();
        return new PacketBuilder()
            .Ethernet(Network.MacOfPort(Network.Wan), known ?? Ipv6Network.GroupMac(group))
            .Ipv6(source, known is null ? group : target, 255)
            .NeighbourSolicitation(target, PacketBuilder.LinkLayerOption(1, Network.MacOfPort(Network.Wan)))
            .Build();
    }

    private static byte[] Solicit(string source, string destination, string target, params byte[] options) =>
        From(source, destination).NeighbourSolicitation(target, options).Build();

    private static byte[] Answer(string host, MacAddress mac, NeighbourFlags flags = NeighbourFlags.Solicited | NeighbourFlags.Override) =>
        new PacketBuilder()
            .Ethernet(mac, Network.MacOfPort(Network.Wan))
            .Ipv6(host, Ipv6Network.WanAddress, 255)
            .NeighbourAdvertisement(flags, host, Target(mac))
            .Build();

    private static PacketBuilder From(string source, string destination, byte hopLimit = 255, int port = Network.Lan)
    {
        bool isGroup = Ipv6Address.Parse(destination).IsMulticast;
        return new PacketBuilder()
            .Ethernet(Ipv6Network.MacOf(source), isGroup ? Ipv6Network.GroupMac(destination) : Network.MacOfPort(port))
            .Ipv6(source, destination, hopLimit);
    }

    private static byte[] Source(string host) => PacketBuilder.LinkLayerOption(1, Ipv6Network.MacOf(host));

    private static byte[] Target(MacAddress mac) => PacketBuilder.LinkLayerOption(2, mac);
}
