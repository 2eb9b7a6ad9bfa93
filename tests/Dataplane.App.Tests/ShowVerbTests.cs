using System;
using System.Linq;
using System.Text.Json;
using System.Threading;
using Dataplane.Os;
using Xunit;

namespace Dataplane.App.Tests;

/// <summary><c>dataplane show</c> against a control server in this process.</summary>
public sealed class ShowVerbTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly RouterStandIn _router = new();

    private string SocketPath => _router.SocketPath;

    public void Dispose()
    {
        _router.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Connections_are_printed_as_conntrack_prints_them()
    {
        Invocation result = Show("conntrack");
        Assert.Equal(
            [
                "udp      17 29 src=10.12.0.14 dst=10.15.240.10 sport=43145 dport=53 packets=1 bytes=64 [UNREPLIED] "
                    + "src=10.15.240.10 dst=203.0.113.7 sport=53 dport=2049 packets=0 bytes=0 mark=0",
                "tcp      6 7440 ESTABLISHED src=10.0.0.2 dst=192.0.2.1 sport=1000 dport=80 packets=5 bytes=500 "
                    + "src=192.0.2.1 dst=203.0.113.7 sport=80 dport=1000 packets=4 bytes=4000 [ASSURED] mark=16 label=0x00000000000000000000000000000005 zone=3",
                "icmp     1 60 src=10.0.0.2 dst=192.0.2.1 id=77 packets=1 bytes=84 "
                    + "src=192.0.2.1 dst=203.0.113.7 id=78 packets=1 bytes=84 mark=0",
                "",
            ],
            result.Out.Split('\n'));
        Assert.Equal("3 connections shown\n", result.Error);
    }

    [Fact]
    public void Json_output_is_one_array_of_the_rows_as_they_are()
    {
        JsonElement rows = JsonDocument.Parse(Show("conntrack", "-o", "json").Out).RootElement;
        Assert.Equal([1, 2, 3], rows.EnumerateArray().Select(row => row.GetProperty("id").GetInt32()));
        Assert.Equal("[]\n", Show("neighbours", "-o", "json").Out);
    }

    [Fact]
    public void Columns_in_a_pipe_are_plain_and_stable()
    {
        Assert.Equal(
            """
            WORKER  LCORE  RECEIVED  MADE  TRANSMITTED  CONSUMED  DROPPED  HELD  POLLS  EMPTY  QUEUES
                 0      1      1000     1          990         2        9     0      5      4  lan:0 wan:1

            """, Show("workers").Out);
        Assert.Equal(
            "PREFIX       VIA           PORT\n0.0.0.0/0    198.51.100.1  wan\n10.0.0.0/16  -             lan\n", Show("routes").Out);
        Assert.Equal("REASON    PACKETS  DESCRIPTION\nno_route        9  no route to the destination\n", Show("drops").Out);
        Assert.Equal("ADDRESS  MAC  PORT  STATE  HELD\n", Show("neighbours").Out);
    }

    [Fact]
    public void Status_lists_its_fields() =>
        Assert.Equal("version  0.1.0\nentries  3\n", Invocation.Run("status", "--socket", SocketPath).Out);

    [Fact]
    public void A_terminal_gets_a_table_with_the_same_cells()
    {
        using System.IO.StringWriter output = new();
        int exit = CommandLine.Run(
            ["show", "drops", "--socket", SocketPath], new Terminal(output, output, IsInteractive: true), (_, _) => 1);
        Assert.Equal(0, exit);
        Assert.Contains("no route to the destination", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("REASON", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_router_the_exit_code_is_4()
    {
        Invocation.Run("show", "ports", "--socket", _directory.File("none.sock")).FailsWith(4, "no router answers");
        Invocation.Run("status", "--socket", _directory.Write("file", "")).FailsWith(4, "no router answers");
    }

    [Fact]
    public void A_router_that_breaks_off_is_a_failure()
    {
        string path = _directory.File("broken.sock");
        int listener = UnixSocket.Listen(path, 0x180, 1);
        Thread closer = new(() =>
        {
            int client;
            while ((client = UnixSocket.Accept(listener)) < 0)
            {
                Thread.Sleep(5);
            }

            _ = UnixSocket.Send(client, "{\"ok\":true}\n{\"reason\""u8);
            UnixSocket.Close(client);
        });
        closer.Start();
        Invocation result = Invocation.Run("show", "drops", "--socket", path);
        closer.Join();
        UnixSocket.Close(listener);
        result.FailsWith(1, "broke off");
    }

    private Invocation Show(string what, params string[] more)
    {
        Invocation result = Invocation.Run(["show", what, "--socket", SocketPath, .. more]);
        Assert.Equal(0, result.Exit);
        return result;
    }
}
