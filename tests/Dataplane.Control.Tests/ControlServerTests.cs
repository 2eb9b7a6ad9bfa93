using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading;
using Dataplane.Control.Client;
using Dataplane.Control.Socket;
using Xunit;

namespace Dataplane.Control.Tests;

/// <summary>The control server against clients that behave, and clients that do not.</summary>
public class ControlServerTests
{
    private const string Request = "{\"verb\":\"show\",\"what\":\"conntrack\"}\n";

    [Fact]
    public void A_dump_is_a_head_its_rows_and_an_end_with_their_number()
    {
        using ServerFixture server = new(new NumberSource(10));
        List<string> lines = server.Exchange(Request);
        Assert.Equal("{\"ok\":true,\"what\":\"conntrack\"}", lines[0]);
        Assert.Equal(
            [1, 2, 3, 4, 5, 6, 8, 9],
            lines[1..^1].Select(line => JsonDocument.Parse(line).RootElement.GetProperty("n").GetInt32()));
        Assert.Equal("{\"end\":true,\"count\":8}", lines[^1]);
    }

    [Fact]
    public void A_dump_larger_than_every_buffer_arrives_whole_and_in_order()
    {
        const long positions = 200_000;
        using ServerFixture server = new(new NumberSource(positions));
        using ControlClient client = ControlClient.Connect(server.Path);
        long count = 0;
        long last = -1;
        foreach (JsonElement row in client.Show("conntrack"))
        {
            long number = row.GetProperty("n").GetInt64();
            Assert.True(number > last);
            last = number;
            count++;
        }

        Assert.Equal(NumberSource.Rows(positions), count);
    }

    [Fact]
    public void Requests_on_one_connection_are_answered_in_order()
    {
        using ServerFixture server = new(new NumberSource(2));
        List<string> lines = server.Exchange(
            "\n" + Request + "{\"verb\":\"show\",\"what\":\"ports\"}\r\n" + "{\"what\":\"drops\",\"verb\":\"show\"}");
        Assert.Equal(["conntrack", "ports", "drops"], lines.Where(line => line.StartsWith("{\"ok\"", StringComparison.Ordinal))
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("what").GetString()));
    }

    [Theory]
    [InlineData("garbage", "bad_request")]
    [InlineData("[]", "bad_request")]
    [InlineData("{}", "bad_request")]
    [InlineData("{\"verb\":\"show\"", "bad_request")]
    [InlineData("{\"verb\":\"show\",\"what\":\"ports\"} x", "bad_request")]
    [InlineData("{\"verb\":\"show\"}", "bad_request")]
    [InlineData("{\"verb\":\"stop\",\"what\":\"it\"}", "unknown_verb")]
    [InlineData("{\"verb\":7,\"what\":\"ports\"}", "unknown_verb")]
    [InlineData("{\"verb\":\"show\",\"what\":\"nothing\"}", "not_found")]
    [InlineData("{\"verb\":\"show\",\"what\":{\"a\":[1,2]}}", "not_found")]
    [InlineData("{\"verb\":\"show\",\"what\":\"ports\",\"limit\":1}", "bad_request")]
    public void A_request_that_cannot_be_served_is_answered_with_a_reason(string request, string code)
    {
        using ServerFixture server = new(new NumberSource(1));
        string line = Assert.Single(server.Exchange(request + "\n"));
        JsonElement reply = JsonDocument.Parse(line).RootElement;
        Assert.False(reply.GetProperty("ok").GetBoolean());
        Assert.Equal(code, reply.GetProperty("code").GetString());
        Assert.NotEmpty(reply.GetProperty("error").GetString()!);
    }

    [Fact]
    public void Random_bytes_never_end_the_server()
    {
        using ServerFixture server = new(new NumberSource(3));
        Random random = new(20);
        for (int round = 0; round < 300; round++)
        {
            byte[] bytes = new byte[random.Next(1, 3000)];
            random.NextBytes(bytes);
            Assert.All(server.Exchange(bytes), line => Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(line).RootElement.ValueKind));
        }

        Assert.Equal(4, server.Exchange(Request).Count);
    }

    [Fact]
    public void A_line_without_end_is_refused()
    {
        using ServerFixture server = new(new NumberSource(3));
        byte[] endless = new byte[ControlLimits.RequestBytesMax * 2];
        Array.Fill(endless, (byte)'a');
        Assert.Contains("line_too_long", Assert.Single(server.Exchange(endless)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_thousand_connections_are_served_or_told_that_there_is_no_room()
    {
        using ServerFixture server = new(new NumberSource(3));
        List<System.Net.Sockets.Socket> open = [];
        int refused = 0;
        try
        {
            for (int count = 0; count < 1000; count++)
            {
                open.Add(server.Connect());
            }

            foreach (System.Net.Sockets.Socket socket in open)
            {
                // A refused client has its reason waiting; the others have nothing yet.
                if (socket.Poll(open.IndexOf(socket) < ControlLimits.ClientsMax ? 1000 : 2_000_000, SelectMode.SelectRead))
                {
                    Assert.Contains("busy", Assert.Single(ServerFixture.ReadLines(socket)), StringComparison.Ordinal);
                    refused++;
                }
            }

            Assert.Equal(1000 - ControlLimits.ClientsMax, refused);
        }
        finally
        {
            open.ForEach(socket => socket.Dispose());
        }

        Assert.Equal(4, RetryUntilServed(server).Count);
    }

    [Fact]
    public void A_client_that_never_reads_holds_up_nobody_and_is_cut_off()
    {
        using ServerFixture server = new(new NumberSource(long.MaxValue), idleMs: 1500);
        using System.Net.Sockets.Socket stuck = server.Connect();
        stuck.Send(Encoding.ASCII.GetBytes(Request));
        Thread.Sleep(200);
        using (System.Net.Sockets.Socket other = server.Connect())
        {
            long began = Stopwatch.GetTimestamp();
            other.Send("garbage\n"u8);
            byte[] reply = new byte[256];
            Assert.True(other.Receive(reply) > 0);
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(1));
        }

        SpinWait.SpinUntil(() => Volatile.Read(ref System.Runtime.CompilerServices.Unsafe.AsRef(in server.Server.Counters).Slow) > 0, 5000);
        Assert.Equal(1, server.Server.Counters.Slow);
    }

    [Fact]
    public void A_client_that_says_nothing_is_cut_off_with_the_reason()
    {
        using ServerFixture server = new(new NumberSource(3), idleMs: 300);
        using System.Net.Sockets.Socket silent = server.Connect();
        silent.Send("{\"verb\""u8);
        Assert.Contains("idle", Assert.Single(ServerFixture.ReadLines(silent)), StringComparison.Ordinal);
        Assert.Equal(1, server.Server.Counters.Idle);
    }

    [Fact]
    public void A_client_that_leaves_in_the_middle_of_a_dump_frees_its_slot()
    {
        using ServerFixture server = new(new NumberSource(long.MaxValue));
        for (int count = 0; count < ControlLimits.ClientsMax * 3; count++)
        {
            using System.Net.Sockets.Socket client = server.Connect();
            client.Send(Encoding.ASCII.GetBytes(Request));
            Assert.True(client.Receive(new byte[1000]) > 0);
        }

        using System.Net.Sockets.Socket last = server.Connect();
        last.Send("{}\n"u8);
        byte[] reply = new byte[200];
        Assert.Contains("bad_request", Encoding.ASCII.GetString(reply, 0, last.Receive(reply)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_that_is_too_large_ends_the_dump_with_an_error_and_not_the_server()
    {
        using ServerFixture server = new(new NumberSource(10) { OversizedAt = 4 });
        List<string> lines = server.Exchange(Request);
        Assert.Contains("internal", lines[^1], StringComparison.Ordinal);
        Assert.All(lines, line => JsonDocument.Parse(line));
        Assert.Equal(5, lines.Count);
        Assert.Equal(1, server.Server.Counters.RowsFailed);
    }

    [Fact]
    public void Clients_hear_of_a_stop()
    {
        using ServerFixture server = new(new NumberSource(3));
        using System.Net.Sockets.Socket client = server.Connect();
        client.Send("{}\n"u8);
        Assert.True(client.Receive(new byte[256]) > 0);
        server.Stop();
        Assert.Contains(ServerFixture.ReadLines(client), line => line.Contains("stopping", StringComparison.Ordinal));
    }

    [Fact]
    public void The_client_turns_a_refusal_into_its_kind()
    {
        using ServerFixture server = new(new NumberSource(3));
        using ControlClient client = ControlClient.Connect(server.Path);
        ControlClientException refusal = Assert.Throws<ControlClientException>(() => client.Show("nothing").Count());
        Assert.Equal(ControlFailure.NotFound, refusal.Failure);
        using TemporaryDirectory empty = new();
        ControlClientException absent = Assert.Throws<ControlClientException>(() => ControlClient.Connect(empty.File("none.sock")));
        Assert.Equal(ControlFailure.Unreachable, absent.Failure);
        string longPath = Path.Combine(empty.Path, new string('x', 200));
        Assert.Equal(ControlFailure.Unreachable, Assert.Throws<ControlClientException>(() => ControlClient.Connect(longPath)).Failure);
    }

    private static List<string> RetryUntilServed(ServerFixture server)
    {
        List<string> lines = server.Exchange(Request);
        for (int attempt = 0; attempt < 100 && lines.Count == 1; attempt++)
        {
            Thread.Sleep(20);
            lines = server.Exchange(Request);
        }

        return lines;
    }
}
