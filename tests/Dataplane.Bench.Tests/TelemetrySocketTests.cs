using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Text;
using Dataplane.Bench.Compare;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>The client of DPDK's telemetry: what it reads, and what it says of a process that answers otherwise.</summary>
public sealed class TelemetrySocketTests
{
    [Fact]
    public void The_greeting_names_the_process()
    {
        using TelemetryServer server = new(TelemetryServer.Greeting);
        using TelemetrySocket telemetry = server.Connect();
        Assert.Equal(4711, telemetry.ProcessId);
    }

    [Fact]
    public void Ports_names_and_statistics_are_read()
    {
        using TelemetryServer server = new(
            TelemetryServer.Greeting,
            """{"/ethdev/list":[0,3]}""",
            """{"/ethdev/info":{"name":"net_generator0","state":1}}""",
            """{"/ethdev/xstats":{"sent_packets":12,"flows_open":9007199254740993}}""");
        using TelemetrySocket telemetry = server.Connect();
        Assert.Equal([0, 3], telemetry.Ports());
        Assert.Equal("net_generator0", telemetry.NameOf(3));
        IReadOnlyDictionary<string, long> statistics = telemetry.Statistics(3);
        Assert.Equal(12, statistics["sent_packets"]);
        Assert.Equal(9007199254740993, statistics["flows_open"]); // more than a double holds
        Assert.Equal(["/ethdev/list", "/ethdev/info,3", "/ethdev/xstats,3"], server.Requests);
    }

    [Fact]
    public void A_process_without_ports_has_none()
    {
        using TelemetryServer server = new(
            TelemetryServer.Greeting, """{"/ethdev/list":null}""", """{"/ethdev/info":null}""", """{"/ethdev/xstats":null}""");
        using TelemetrySocket telemetry = server.Connect();
        Assert.Empty(telemetry.Ports());
        Assert.Null(telemetry.NameOf(0));
        Assert.Empty(telemetry.Statistics(0));
    }

    [Fact]
    public void An_order_that_is_carried_out_is_silent()
    {
        using TelemetryServer server = new(TelemetryServer.Greeting, """{"/generator/rate":{"rate":"paused"}}""");
        using TelemetrySocket telemetry = server.Connect();
        telemetry.Order("/generator/rate", "net_generator0,paused");
        Assert.Equal(["/generator/rate,net_generator0,paused"], server.Requests);
    }

    [Theory]
    [InlineData("""{"/generator/rate":{"error":"x: no such net_generator device"}}""", "no such net_generator device")]
    [InlineData("""{"/generator/rate":null}""", "unknown")]
    public void An_order_that_is_refused_says_why(string answer, string reason)
    {
        using TelemetryServer server = new(TelemetryServer.Greeting, answer);
        using TelemetrySocket telemetry = server.Connect();
        PeerException error = Assert.Throws<PeerException>(() => telemetry.Order("/generator/rate", "x,0"));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"version":"DPDK 22.11.11"}""")]
    [InlineData("""{"pid":"4711"}""")]
    [InlineData("""{"pid":1.5}""")]
    [InlineData("[4711]")]
    [InlineData("hello")]
    public void Another_greeting_is_not_telemetrys(string greeting)
    {
        using TelemetryServer server = new(greeting);
        PeerException error = Assert.Throws<PeerException>(server.Connect);
        Assert.Contains("does not greet as telemetry does", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"/ethdev/xstats":{"sent_packets":""", "not JSON")]
    [InlineData("\0\u0001\u0002", "not JSON")]
    [InlineData("""{"/ethdev/list":[]}""", "something else")]
    [InlineData("""{"/ethdev/xstats":{"sent_packets":"many"}}""", "something else")]
    [InlineData("""{"/ethdev/xstats":{"sent_packets":-1}}""", "something else")]
    [InlineData("""{"/ethdev/xstats":{"sent_packets":1,"sent_packets":2}}""", "something else")]
    public void An_answer_that_is_cut_off_or_of_another_shape_is_an_error(string answer, string reason)
    {
        using TelemetryServer server = new(TelemetryServer.Greeting, answer);
        using TelemetrySocket telemetry = server.Connect();
        PeerException error = Assert.Throws<PeerException>(() => telemetry.Statistics(0));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_answer_longer_than_any_is_an_error()
    {
        using TelemetryServer server = new([Encoding.ASCII.GetBytes(TelemetryServer.Greeting), new byte[100_000]]);
        using TelemetrySocket telemetry = server.Connect();
        PeerException error = Assert.Throws<PeerException>(() => telemetry.Statistics(0));
        Assert.Contains("65536 bytes or more", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_that_closes_its_socket_is_an_error()
    {
        using TelemetryServer server = new(TelemetryServer.Greeting);
        using TelemetrySocket telemetry = server.Connect();
        _ = Assert.Throws<PeerException>(() => telemetry.Statistics(0));
    }

    [Fact]
    public void A_socket_that_does_not_appear_is_an_error_and_a_process_that_ended_ends_the_wait()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        PeerException error = Assert.Throws<PeerException>(() => TelemetrySocket.Connect(path, TimeSpan.Zero, () => { }));
        Assert.Contains("does not answer", error.Message, StringComparison.Ordinal);

        int asked = 0;
        error = Assert.Throws<PeerException>(() => TelemetrySocket.Connect(path, TimeSpan.FromMinutes(1), () =>
        {
            if (++asked == 3)
            {
                throw new PeerException("ended");
            }
        }));
        Assert.Equal("ended", error.Message);
    }

    [Fact]
    public void A_socket_that_appears_late_is_waited_for()
    {
        using TelemetryServer server = new(TelemetryServer.Greeting);
        string late = server.Path + "-late";
        int asked = 0;
        using TelemetrySocket telemetry = TelemetrySocket.Connect(late, TimeSpan.FromMinutes(1), () =>
        {
            if (++asked == 3)
            {
                File.CreateSymbolicLink(late, server.Path);
            }
        });
        Assert.Equal(3, asked);
    }
}
