using System.Linq;
using Dataplane.Conntrack;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;
using Dataplane.Datapath.Fragments;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Control.Tests;

/// <summary>What good texts mean.</summary>
public class AcceptedTests
{
    private const string Full = """
        {
          "$schema": "dataplane.schema.json",
          "Cores": "1-2",                       // one worker each
          "Idle": "spin",
          "Ports": {
            "lan": { "Device": "0000:3b:00.0", "Addresses": ["10.0.0.1/16"], "Queues": 2, "Mtu": 1500, "Zone": "cust" },
            "wan": { "Device": "af_xdp:eth1", "Addresses": ["198.51.100.2/30"], "Queues": 2, "Mac": "02:00:00:00:00:07" }
          },
          "Routes": { "0.0.0.0/0": { "Via": "198.51.100.1" } },
          "Zones":  { "cust": { "Id": 1, "MaxEntries": 50000 }, "open": { "Id": 2 } },
          "Pools":  { "cgn1": { "Addresses": "203.0.113.0/28, 203.0.113.32-203.0.113.33",
                                "Ports": "2048-4095", "Mapping": "EndpointDependent" } },
          "Track": {
            "20": { "Match": { "Protocol": "udp", "DestinationPort": "53" }, "Do": { "NoTrack": true } },
            "10": { "Match": { "In": "lan", "Protocol": "tcp" }, "Do": { "Mark": "0x10" } }
          },
          "Destination": {
            "10": { "Match": { "In": "wan", "Protocol": "tcp", "Destination": "198.51.100.2", "DestinationPort": "443" },
                    "To": "10.0.9.10:8443", "Comment": "web" },
            "20": { "Match": { "Protocol": "udp", "Destination": "203.0.113.1", "DestinationPort": "10-19" }, "To": "10.0.9.11:30-39" },
          },
          "Filter": {
            "Default": "reject",
            "10": { "Match": { "In": "lan" }, "Do": "accept" },
            "20": { "Match": { "In": "wan", "Destination": "10.0.9.10" }, "Do": "drop" }
          },
          "Source": {
            "10": { "Match": { "Out": "wan", "Destination": "192.0.2.0/24" }, "To": "exempt" },
            "20": { "Match": { "Source": "10.0.7.1" }, "To": "203.0.113.64-203.0.113.65:5000-5999" },
            "30": { "Match": { "Source": "10.0.7.2" }, "To": "masquerade" },
            "90": { "Match": { "In": "lan", "Out": "wan" }, "To": "pool:CGN1" }
          },
          "Conntrack": { "MaxEntries": 200000, "Capacity": 400000, "Buckets": 65536, "Invalid": "drop",
                         "TcpLoose": true, "TcpLiberal": true, "TcpMaxRetransmissions": 7, "Checksum": false, "Accounting": false,
                         "Timeouts": { "TcpEstablished": "2h5m", "UdpStream": "6m", "Icmp": "90" } },
          "Drivers": ["/opt/librte_net_a.so", "/opt/librte_net_b.so"],
          "Memory": { "Hugepages": "off", "Mbufs": 8192, "Pool": "512MiB" },
          "Limits": {
            "IcmpErrorsPerSecond": 50,
            "Fragments": { "Datagrams": 64, "PerDatagram": 3, "PerSource": 4, "Held": 5, "HeldPerSource": 2, "MinimumBytes": 400, "Timeout": "1m" }
          },
          "Control": { "Socket": "/run/x.sock", "FilePrefix": "two" }
        }
        """;

    [Fact]
    public void The_full_example_is_accepted_without_a_warning() => Assert.Empty(Texts.Load(Full).Diagnostics);

    [Fact]
    public void Values_arrive_as_written()
    {
        RouterConfiguration configuration = Texts.Accepted(Full);
        Assert.Equal([1, 2], configuration.Cores.ToArray());
        Assert.Equal(["/opt/librte_net_a.so", "/opt/librte_net_b.so"], configuration.Drivers.ToArray());
        PortConfiguration wan = configuration.Ports[1];
        Assert.Equal(("wan", "af_xdp:eth1", 2, 1500, (ushort)0), (wan.Name, wan.Device, wan.Queues, wan.MtuBytes, wan.ZoneId));
        Assert.Equal(MacAddress.Parse("02:00:00:00:00:07"), wan.Mac);
        Assert.Equal((ushort)1, configuration.Ports[0].ZoneId);
        Assert.Null(configuration.Ports[0].Mac);
        Assert.Equal(
            new RouteConfiguration(new Ipv4Prefix(default, 0), Ipv4Address.Parse("198.51.100.1"), 1), Assert.Single(configuration.Routes));
        PoolConfiguration pool = Assert.Single(configuration.Pools);
        Assert.Equal(["203.0.113.0-203.0.113.15", "203.0.113.32-203.0.113.33"], pool.Addresses.Select(range => range.ToString()));
        Assert.Equal(new PortRange(2048, 4095), pool.Ports);
        Assert.Equal(new MemoryConfiguration(HugepageMode.Off, 8192, 512L << 20), configuration.Memory);
        Assert.Equal(50, configuration.Limits.IcmpErrorsPerSecond);
        FragmentLimits fragments = new()
        {
            Datagrams = 64,
            PerDatagram = 3,
            PerSource = 4,
            Held = 5,
            HeldPerSource = 2,
            LengthBytesMin = 400,
            TimeoutNanoseconds = 60_000_000_000,
        };
        Assert.Equal(fragments, configuration.Limits.Fragments);
        Assert.Equal(new ControlConfiguration("/run/x.sock", "two"), configuration.Control);
    }

    [Fact]
    public void Rules_are_in_numeric_order_with_their_references_resolved()
    {
        RouterConfiguration configuration = Texts.Accepted(Full);
        Assert.Equal([10, 20], configuration.Track.Select(rule => rule.Number));
        Assert.Equal((new MarkBits(0x10, uint.MaxValue), false), (configuration.Track[0].Mark!.Value, configuration.Track[0].NoTrack));
        Assert.Equal((false, true), (configuration.Track[1].Mark.HasValue, configuration.Track[1].NoTrack));
        DestinationRule web = configuration.Destination[0];
        Assert.Equal((Ipv4Address.Parse("10.0.9.10"), new PortRange(8443, 8443), "web"), (web.Address, web.Ports!.Value, web.Comment));
        Assert.Equal((1, (int)IpProtocol.Tcp, new PortRange(443, 443)), (web.Match.InPort, web.Match.Protocol, web.Match.DestinationPort));
        Assert.Equal(FilterAction.Reject, configuration.FilterDefault);
        Assert.Equal([FilterAction.Accept, FilterAction.Drop], configuration.Filter.Select(rule => rule.Action));
        Assert.Equal(
            [SourceTargetKind.Exempt, SourceTargetKind.Addresses, SourceTargetKind.Masquerade, SourceTargetKind.Pool],
            configuration.Source.Select(rule => rule.Target.Kind));
        SourceRule last = configuration.Source[3];
        Assert.Equal((0, 0, 1), (last.Target.PoolIndex, last.Match.InPort, last.Match.OutPort));
        Assert.Equal(new PortRange(5000, 5999), configuration.Source[1].Target.Ports);
    }

    [Fact]
    public void Timeouts_reach_every_state_they_stand_for()
    {
        ConntrackConfiguration conntrack = Texts.Accepted(Full).Conntrack;
        Assert.Equal(7500u, conntrack.TimeoutSeconds[ConnectionState.TcpEstablished]);
        Assert.Equal(360u, conntrack.TimeoutSeconds[ConnectionState.UdpStream]);
        Assert.Equal(90u, conntrack.TimeoutSeconds[ConnectionState.IcmpReplied]);
        Assert.Equal(240u, conntrack.TimeoutSeconds[ConnectionState.TcpSynSent2]);
        Assert.Equal((200000, false, false), (conntrack.MaxEntries, conntrack.Checksum, conntrack.Accounting));
        Assert.Equal(new TcpPolicy(IsLoose: true, IsLiberal: true, RetransmissionsMax: 7), conntrack.Tcp);
    }

    [Fact]
    public void Sizes_and_limits_arrive_as_written()
    {
        RouterConfiguration configuration = Texts.Accepted(Full);
        ConntrackConfiguration conntrack = configuration.Conntrack;
        Assert.Equal((200000, 400000, 65536), (conntrack.MaxEntries, conntrack.Capacity, conntrack.Buckets));
        Assert.Equal(
            [new ZoneConfiguration("cust", 1, 50000), new ZoneConfiguration("open", 2, null)], configuration.Zones.AsEnumerable());
    }

    [Theory]
    [InlineData("", 1_000_000, 1_000_000)]
    [InlineData(""" "Conntrack": { "MaxEntries": 1024 }, """, 1024, 1024)]
    [InlineData(""" "Conntrack": { "MaxEntries": 1024, "Capacity": 1024 }, """, 1024, 1024)]
    [InlineData(""" "Conntrack": { "Capacity": 100000000 }, """, 1_000_000, 100_000_000)]
    public void Memory_is_taken_for_the_limit_unless_a_capacity_above_it_is_named(string section, int maxEntries, int capacity)
    {
        ConntrackConfiguration conntrack = Texts.Accepted(Texts.Home.Replace("\"Cores\"", section + "\"Cores\"", System.StringComparison.Ordinal)).Conntrack;
        Assert.Equal((maxEntries, capacity, 0), (conntrack.MaxEntries, conntrack.Capacity, conntrack.Buckets));
    }

    [Fact]
    public void A_zones_limit_may_equal_the_tables_without_a_warning() => Assert.Empty(Texts.Load(Texts.Insert(
        """^  "Conntrack": { "MaxEntries": 5000 }, "Zones": { "cust": { "Id": 1, "MaxEntries": 5000 } },""").Text).Diagnostics);

    [Theory]
    [InlineData("1", 1)]
    [InlineData("90s", 90)]
    [InlineData("5m", 300)]
    [InlineData("2h4m", 7440)]
    [InlineData("1d2h3m4s", 93784)]
    [InlineData("365d", 31536000)]
    public void Durations_are_days_hours_minutes_and_seconds(string text, uint seconds)
    {
        Assert.True(Reading.ValueSyntax.TryDuration(text, out uint value, out string error, out _), error);
        Assert.Equal(seconds, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("5")]
    [InlineData("366d")]
    [InlineData("1m1m")]
    [InlineData("-5s")]
    [InlineData("5s ago")]
    public void Other_durations_are_refused(string text) =>
        Assert.Equal(text == "5", Reading.ValueSyntax.TryDuration(text, out _, out _, out _));

    [Theory]
    [InlineData("Conntrack", "Conntrak", 1)]
    [InlineData("TcpLoose", "tcploose", 0)]
    [InlineData("Cores", "Croes", 1)]
    [InlineData("", "abc", 3)]
    public void Spelling_counts_edits(string left, string right, int distance) =>
        Assert.Equal(distance, Reading.Spelling.Distance(left, right));

    [Fact]
    public void Without_a_filter_everything_is_accepted_and_that_is_said()
    {
        LoadResult result = Texts.Load("""{ "Cores": 0, "Ports": { "a": { "Device": "null" } } }""");
        Assert.Equal(FilterAction.Accept, result.Configuration!.FilterDefault);
        Assert.Equal(DiagnosticCode.FilterMissing, Assert.Single(result.Diagnostics).Code);
    }

    [Fact]
    public void A_filter_without_a_default_drops()
    {
        LoadResult result = Texts.Load("""{ "Cores": 0, "Ports": { "a": { "Device": "null" } }, "Filter": { } }""");
        Assert.Equal(FilterAction.Drop, result.Configuration!.FilterDefault);
    }
}
