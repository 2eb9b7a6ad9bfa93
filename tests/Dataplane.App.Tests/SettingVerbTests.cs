using System;
using System.IO;
using System.Text;
using System.Text.Json;
using System.Threading;
using Dataplane.Conntrack;
using Dataplane.Os;
using Xunit;

namespace Dataplane.App.Tests;

/// <summary><c>dataplane limits</c>, <c>table</c> and <c>timeouts</c> against a control server in this process.</summary>
public sealed class SettingVerbTests : IDisposable
{
    private readonly SmallTable _table = new();
    private readonly RouterStandIn _router;

    public SettingVerbTests() => _router = new RouterStandIn(_table);

    public void Dispose() => _router.Dispose();

    [Fact]
    public void The_tables_limit_is_changed_and_said_in_one_line()
    {
        Assert.Equal("limit 1000 -> 4000\n", Done("limits", "set", "4000"));
        Assert.Equal(4000, _table.EntriesMax);
        Assert.Equal("limit 4000, as before\n", Done("limits", "set", "4000"));
    }

    [Fact]
    public void A_zones_limit_is_changed_and_taken_away()
    {
        Assert.Equal("limit of zone cust 500 -> 2147483647\n", Done("limits", "set", "--zone", "cust", "2147483647"));
        Assert.Equal(2147483647, _table.ZoneMax("cust"));
        Assert.Equal("limit of zone CUST 2147483647 -> none\n", Done("limits", "set", "none", "-z", "CUST"));
        Assert.Null(_table.ZoneMax("cust"));
        Assert.Equal("limit of zone open none -> 7\n", Done("limits", "set", "7", "--zone", "open"));
        Assert.Equal(1000, _table.EntriesMax);
    }

    [Fact]
    public void Buckets_are_rounded_up_by_the_router()
    {
        Assert.Equal("buckets 1024 -> 4096\n", Done("table", "resize", "2049"));
        Assert.Equal(4096, _table.Buckets);
        Assert.Equal("buckets 4096, as before\n", Done("table", "resize", "4096"));
        Assert.Equal("buckets 4096 -> 256\n", Done("table", "resize", "250"));
    }

    [Fact]
    public void A_timeout_is_changed_in_the_default_policy_or_in_a_named_one()
    {
        Assert.Equal("seconds of UdpStream 240 -> 7440\n", Done("timeouts", "set", "UdpStream", "2h4m"));
        Assert.Equal("seconds of udpstream by policy dns 240 -> 10\n", Done("timeouts", "set", "-p", "dns", "udpstream", "10s"));
        Assert.Equal("seconds of UdpStream by policy DNS 10, as before\n", Done("timeouts", "set", "UdpStream", "10", "--policy", "DNS"));
        Assert.Equal((7440u, 10u), (_table.Timeout("default", ConnectionState.UdpStream), _table.Timeout("dns", ConnectionState.UdpStream)));
        JsonElement reply = JsonDocument.Parse(Done("timeouts", "set", "UdpStream", "5m", "-o", "json")).RootElement;
        Assert.Equal(("timeout", "UdpStream", 300), (reply.GetProperty("what").GetString(), reply.GetProperty("state").GetString(), reply.GetProperty("after").GetInt64()));
    }

    [Fact]
    public void A_timeout_of_nothing_is_refused()
    {
        Run("timeouts", "set", "UdpStream", "10s", "--policy", "nobody").FailsWith(3, "no such timeout policy");
        Run("timeouts", "set", "UdpStream", "10s", "--policy", "").FailsWith(3, "no such timeout policy");
        Run("timeouts", "set", "Udp", "10s").FailsWith(3, "no such state");
        Run("timeouts", "set", "UdpStream", "0s").FailsWith(2, "'0s': must be between 1 second and 365 days.");
        Run("timeouts", "set", "UdpStream", "soon").FailsWith(2, "'soon'");
        Run("timeouts", "set", "UdpStream").FailsWith(2, "");
        Assert.Equal(SmallTable.TimeoutOtherwise, _table.Timeout("default", ConnectionState.UdpStream));
    }

    [Fact]
    public void Timeouts_are_columns_with_the_default_policy_first()
    {
        const string columns =
            """
            POLICY  STATE      SECONDS
            -       UdpStream      300
            dns     UdpStream       10

            """;
        Assert.Equal(columns, Done("timeouts", "show"));
        Assert.Equal(columns, Done("show", "timeouts"));
    }

    [Fact]
    public void Json_output_is_the_routers_reply()
    {
        JsonElement limit = JsonDocument.Parse(Done("limits", "set", "none", "--zone", "cust", "-o", "json")).RootElement;
        Assert.Equal(("cust", 500), (limit.GetProperty("zone").GetString(), limit.GetProperty("before").GetInt64()));
        Assert.Equal(JsonValueKind.Null, limit.GetProperty("after").ValueKind);
        JsonElement table = JsonDocument.Parse(Done("table", "resize", "2000", "-o", "json")).RootElement;
        Assert.Equal((1024, 2048), (table.GetProperty("before").GetInt64(), table.GetProperty("after").GetInt64()));
    }

    [Fact]
    public void A_person_gets_groups_of_digits()
    {
        using StringWriter output = new();
        int exit = CommandLine.Run(
            ["table", "resize", "1048576", "--socket", _router.SocketPath], new Terminal(output, output, IsInteractive: true), (_, _) => 1);
        Assert.Equal((0, "buckets 1,024 -> 1,048,576\n"), (exit, output.ToString()));
    }

    [Fact]
    public void An_unknown_zone_exits_3()
    {
        Run("limits", "set", "5", "--zone", "nobody").FailsWith(3, "no such zone");
        Run("limits", "set", "none", "--zone", "").FailsWith(3, "no such zone");
        Run("limits", "set", "5", "--zone", new string('å', 5000)).FailsWith(3, "no such zone");
        Run("limits", "set", "5", "--zone", "half\ud800").FailsWith(3, "no such zone");
    }

    [Fact]
    public void A_value_that_cannot_be_had_exits_6_with_the_nearest_that_can()
    {
        Run("limits", "set", "10001").FailsWith(6, "by Conntrack.Capacity; nearest: 10000");
        Run("limits", "set", "5000").FailsWith(6, "resize the table first; nearest: 4096");
        Run("limits", "set", "15").FailsWith(6, "out of bounds; nearest: 16");
        Run("limits", "set", "0").FailsWith(6, "from 1 to 2147483647");
        Run("limits", "set", "0", "--zone", "cust").FailsWith(6, "from 1 to 2147483647");
        Run("limits", "set", "9223372036854775807").FailsWith(6, "from 1 to 2147483647");
        Run("table", "resize", "100").FailsWith(6, "too few buckets for the table's limit; nearest: 250");
        Run("table", "resize", "1073741825").FailsWith(6, "from 1 to 1073741824");
        Assert.Equal((1000, 1024, 500), (_table.EntriesMax, _table.Buckets, _table.ZoneMax("cust")));
    }

    [Fact]
    public void What_may_be_had_later_exits_1()
    {
        Run("table", "resize", "1048577").FailsWith(1, "no memory for so many buckets");
        _table.IsResizing = true;
        Run("table", "resize", "2048").FailsWith(1, "a resize is running already");
        _table.IsStopping = true;
        Run("table", "resize", "2048").FailsWith(1, "cannot be changed at this moment");
        Assert.Equal(1024, _table.Buckets);
    }

    [Fact]
    public void A_router_without_settings_exits_1()
    {
        using RouterStandIn fixedRouter = new();
        Invocation.Run("limits", "set", "5", "--socket", fixedRouter.SocketPath).FailsWith(1, "nothing that can be set");
    }

    [Fact]
    public void Without_a_router_the_exit_code_is_4()
    {
        using TemporaryDirectory empty = new();
        foreach (string[] verb in new string[][] { ["limits", "set", "5"], ["limits", "show"], ["table", "resize", "5"], ["table", "show"] })
        {
            Invocation.Run([.. verb, "--socket", empty.File("none.sock")]).FailsWith(4, "no router answers");
        }
    }

    [Theory]
    [InlineData("{\"ok\":true}")]
    [InlineData("{\"ok\":true,\"before\":1}")]
    [InlineData("{\"ok\":true,\"before\":\"1\",\"after\":2}")]
    [InlineData("{\"ok\":true,\"before\":1.5,\"after\":2}")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("oops")]
    public void A_reply_that_makes_no_sense_is_a_failure_in_one_line(string reply)
    {
        using TemporaryDirectory directory = new();
        string path = directory.File("odd.sock");
        int listener = UnixSocket.Listen(path, 0x180, 1);
        Thread odd = new(() =>
        {
            int client;
            while ((client = UnixSocket.Accept(listener)) < 0)
            {
                Thread.Sleep(5);
            }

            // What was asked is read first, or closing would take the reply back.
            byte[] request = new byte[256];
            while (UnixSocket.Receive(client, request) == -Errno.WouldBlock)
            {
                Thread.Sleep(5);
            }

            _ = UnixSocket.Send(client, Encoding.UTF8.GetBytes(reply + "\n"));
            UnixSocket.Close(client);
        });
        odd.Start();
        Invocation result = Invocation.Run("limits", "set", "5", "--socket", path);
        odd.Join();
        UnixSocket.Close(listener);
        result.FailsWith(1, "broke off");
    }

    [Fact]
    public void Limits_are_columns_with_the_whole_table_first()
    {
        const string columns =
            """
            ZONE  ID      MAX   COUNT  REFUSED  CAPACITY
            -      0  1000000  612331        4   2000000
            cust   1    50000   50000       17         -
            open   2        -       0        0         -

            """;
        Assert.Equal(columns, Done("limits", "show"));
        Assert.Equal(columns, Done("show", "limits"));
        Assert.Equal(3, JsonDocument.Parse(Done("limits", "show", "-o", "json")).RootElement.GetArrayLength());
    }

    [Fact]
    public void The_table_is_a_list_of_its_fields()
    {
        string[] lines = Done("table", "show").Split('\n');
        Assert.Equal("buckets          262144", lines[0]);
        Assert.Contains("load             0.58", lines);
        Assert.Equal(Done("show", "table"), string.Join('\n', lines));
        JsonElement row = Assert.Single(JsonDocument.Parse(Done("table", "show", "-o", "json")).RootElement.EnumerateArray());
        Assert.Equal(0.58, row.GetProperty("load").GetDouble());
    }

    private Invocation Run(params string[] args) => Invocation.Run([.. args, "--socket", _router.SocketPath]);

    private string Done(params string[] args)
    {
        Invocation result = Run(args);
        Assert.Equal((0, ""), (result.Exit, result.Error));
        return result.Out;
    }
}
