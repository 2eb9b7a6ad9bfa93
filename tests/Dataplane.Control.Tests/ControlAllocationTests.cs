using System;
using System.Text;
using Dataplane.Control.Socket;
using Dataplane.Os;
using Xunit;

namespace Dataplane.Control.Tests;

/// <summary>The control thread shares its process with the workers: what it allocates would one day stop them for a collection.</summary>
public class ControlAllocationTests
{
    [Fact]
    public void Serving_requests_allocates_nothing()
    {
        using TemporaryDirectory directory = new();
        using ControlSocket socket = ControlSocket.Open(directory.File("control.sock"));
        using ControlServer server = new(socket, new NumberSource(5000));
        using EventFd wake = new();
        byte[] request = Encoding.ASCII.GetBytes("{\"verb\":\"show\",\"what\":\"conntrack\"}\n{\"verb\":\"none\"}\n");
        byte[] reply = new byte[64 << 10];

        // The client is on the same thread and descriptors, so that all there is to allocate is counted here.
        string path = directory.File("control.sock");
        int warm = UnixSocket.Connect(path);
        Assert.True(RoundTrip(server, wake, warm, request, reply) > 100_000);
        Assert.True(RoundTrip(server, wake, warm, request, reply) > 100_000);
        long before = AllocatedSoFar();
        long bytes = 0;
        for (int round = 0; round < 20; round++)
        {
            bytes += RoundTrip(server, wake, warm, request, reply);
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        UnixSocket.Close(warm);
        Assert.True(bytes > 20 * 100_000);
        Assert.Equal(0, allocated);
    }

    [Fact]
    public void Changing_settings_allocates_nothing()
    {
        using TemporaryDirectory directory = new();
        string path = directory.File("control.sock");
        using ControlSocket socket = ControlSocket.Open(path);
        ScriptedSettings table = new(SettingOutcome.Done(1, 2));
        using ControlServer server = new(socket, new NumberSource(3), table);
        using EventFd wake = new();
        byte[] request = Encoding.UTF8.GetBytes(
            """
            {"verb":"set","what":"limit","max":2147483647}
            {"verb":"set","what":"limit","zone":"cust","max":7}
            {"verb":"set","what":"limit","zone":"c\u0075st\u00e5","max":null}
            {"verb":"set","what":"table","buckets":1073741824}
            {"verb":"set","what":"limit","zone":"much too long for the name of any zone","max":7}
            {"verb":"set","what":"timeout","state":"UdpStream","seconds":5}
            {"verb":"set","what":"timeout","state":"tcp\u0045stablished","seconds":5,"policy":"dns"}
            {"verb":"set","what":"timeout","state":"none","seconds":5}
            {"verb":"set","what":"limit","max":-1}
            {"verb":"set","what":"limit","max":1,"max":1}
            {"verb":"none"}

            """);
        byte[] reply = new byte[64 << 10];
        int client = UnixSocket.Connect(path);

        // Every outcome twice: once to compile what it needs, once to count.
        long allocated = 0;
        long replies = 0;
        foreach (bool counts in new[] { false, true })
        {
            for (int outcome = 0; outcome < 2 * Enum.GetValues<SettingResult>().Length; outcome++)
            {
                SettingResult result = (SettingResult)(outcome / 2);
                long? number = outcome % 2 == 0 ? null : long.MaxValue;
                table.Outcome = result == SettingResult.Done ? SettingOutcome.Done(number, number) : SettingOutcome.Refused(result, number);
                long before = AllocatedSoFar();
                long bytes = RoundTrip(server, wake, client, request, reply);
                allocated += counts ? GC.GetAllocatedBytesForCurrentThread() - before : 0;
                replies += bytes > 500 ? 1 : 0;
            }
        }

        UnixSocket.Close(client);
        int rounds = 2 * 2 * Enum.GetValues<SettingResult>().Length;
        Assert.Equal(rounds, replies);
        Assert.Equal(rounds * 6, table.Calls);
        Assert.Equal(0, allocated);
    }

    [Fact]
    public void Taking_and_losing_connections_allocates_nothing()
    {
        using TemporaryDirectory directory = new();
        string path = directory.File("control.sock");
        using ControlSocket socket = ControlSocket.Open(path);
        using ControlServer server = new(socket, new NumberSource(3));
        using EventFd wake = new();
        long allocated = 0;
        for (int round = 0; round < 50; round++)
        {
            int client = UnixSocket.Connect(path);
            long before = AllocatedSoFar();
            server.RunOnce(wake, 0);
            UnixSocket.Close(client);
            server.RunOnce(wake, 0);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(50, server.Counters.Accepted);
        Assert.Equal(0, allocated);
    }

    /// <summary>The start of a measurement.</summary>
    /// <remarks>A collection that other tests cause takes this thread's allocation buffer away and books what was left of it, up
    /// to 8 KiB, as allocated. After a collection of our own there is no buffer.</remarks>
    private static long AllocatedSoFar()
    {
        GC.Collect();
        return GC.GetAllocatedBytesForCurrentThread();
    }

    /// <summary>Requests and all that comes back, which ends with the last one's refusal.</summary>
    private static long RoundTrip(ControlServer server, EventFd wake, int client, byte[] request, byte[] reply)
    {
        if (UnixSocket.Send(client, request) != request.Length)
        {
            return 0;
        }

        long total = 0;
        for (int turn = 0; turn < 10_000; turn++)
        {
            server.RunOnce(wake, 0);
            int count = UnixSocket.Receive(client, reply);
            total += Math.Max(count, 0);
            if (count > 0 && reply.AsSpan(0, count).IndexOf("unknown_verb"u8) >= 0)
            {
                return total;
            }
        }

        return 0;
    }
}
