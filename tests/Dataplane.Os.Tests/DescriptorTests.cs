using System;
using System.Diagnostics;
using System.Linq;
using System.Text;
using System.Threading;
using Xunit;

namespace Dataplane.Os.Tests;

/// <summary>Sockets, poll, eventfd and random bytes on bare descriptors.</summary>
public sealed class DescriptorTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Bytes_go_both_ways_and_the_peer_is_known()
    {
        (int listener, int client, int served) = Connected();
        Assert.Equal(4, UnixSocket.Send(client, "ping"u8));
        byte[] buffer = new byte[16];
        Assert.Equal(4, UnixSocket.Receive(served, buffer));
        Assert.Equal("ping", Encoding.ASCII.GetString(buffer, 0, 4));
        Assert.Equal(-Errno.WouldBlock, UnixSocket.Receive(served, buffer));
        Assert.Equal(Environment.ProcessId, UnixSocket.GetPeer(served).ProcessId);
        UnixSocket.ShutdownSend(client);
        Assert.Equal(0, UnixSocket.Receive(served, buffer));
        UnixSocket.Close(client);
        Assert.Equal(-Errno.BrokenPipe, UnixSocket.Send(served, "x"u8));
        UnixSocket.Close(served);
        UnixSocket.Close(listener);
    }

    [Fact]
    public void A_full_socket_takes_no_more_and_does_not_wait()
    {
        (int listener, int client, int served) = Connected();
        byte[] block = new byte[1 << 20];
        int result = 0;
        for (int count = 0; count < 100 && result >= 0; count++)
        {
            result = UnixSocket.Send(served, block);
        }

        Assert.Equal(-Errno.WouldBlock, result);
        UnixSocket.Close(client);
        UnixSocket.Close(served);
        UnixSocket.Close(listener);
    }

    [Fact]
    public void Connecting_tells_a_missing_socket_from_a_dead_one()
    {
        string path = _directory.File("s");
        Assert.Equal(-Errno.NoEntry, UnixSocket.Connect(path));
        UnixSocket.Close(UnixSocket.Listen(path, 0x180, 1));
        Assert.Equal(-Errno.ConnectionRefused, UnixSocket.Connect(path));
        Assert.Equal(Errno.AddressInUse, Assert.Throws<OsException>(() => UnixSocket.Listen(path, 0x180, 1)).ErrorNumber);
        Assert.True(OwnedFile.Exists(path, out bool isSocket) && isSocket);
        Assert.True(OwnedFile.Remove(path));
        Assert.False(OwnedFile.Remove(path));
        Assert.False(OwnedFile.Exists(path, out _));
    }

    [Fact]
    public void The_longest_path_works_and_one_byte_more_is_refused()
    {
        string longest = _directory.File(new string('x', UnixSocket.PathBytesMax - _directory.Path.Length - 1));
        Assert.Equal(UnixSocket.PathBytesMax, longest.Length);
        UnixSocket.Close(UnixSocket.Listen(longest, 0x180, 1));
        Assert.Throws<OsException>(() => UnixSocket.Listen(longest + "x", 0x180, 1));
        Assert.Throws<OsException>(() => UnixSocket.Connect(""));
        Assert.Throws<OsException>(() => UnixSocket.Connect("a\0b"));
    }

    [Fact]
    public void An_event_ends_a_wait_and_is_taken_once()
    {
        using EventFd wake = new();
        PollEntry[] entries = [new PollEntry { Descriptor = wake.Descriptor, Wanted = PollEntry.Readable }];
        Assert.Equal(0, Poller.Wait(entries, 0));
        Thread signaller = new(() =>
        {
            Thread.Sleep(50);
            wake.Signal();
            wake.Signal();
        });
        signaller.Start();
        long began = Stopwatch.GetTimestamp();
        Assert.Equal(1, Poller.Wait(entries, 10_000));
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(5));
        signaller.Join();
        Assert.InRange(wake.Drain(), 1ul, 2ul);
        Assert.Equal(0ul, wake.Drain());
        Assert.Equal(0, Poller.Wait(entries, 0));
    }

    [Fact]
    public void A_negative_descriptor_is_skipped()
    {
        PollEntry[] entries = [new PollEntry { Descriptor = -1, Wanted = PollEntry.Readable }];
        Assert.Equal(0, Poller.Wait(entries, 0));
    }

    [Fact]
    public void Random_bytes_fill_the_whole_span_and_differ()
    {
        byte[] bytes = new byte[100_000];
        SecureRandom.Fill(bytes);

        // A value that never occurs in 100,000 bytes: probability 256 * (255/256)^100000, below 1e-167.
        Assert.Equal(256, bytes.Distinct().Count());
        Assert.NotEqual(SecureRandom.NextUInt64(), SecureRandom.NextUInt64());
        SecureRandom.Fill([]);
    }

    [Fact]
    public void Groups_are_found_by_name()
    {
        Assert.Equal(0u, OwnedFile.FindGroup("root"));
        Assert.Null(OwnedFile.FindGroup("no-such-group-here"));
    }

    private (int Listener, int Client, int Served) Connected()
    {
        string path = _directory.File("s");
        int listener = UnixSocket.Listen(path, 0x180, 4);
        Assert.Equal(-Errno.WouldBlock, UnixSocket.Accept(listener));
        int client = UnixSocket.Connect(path);
        int served = UnixSocket.Accept(listener);
        Assert.True(client >= 0 && served >= 0);
        return (listener, client, served);
    }
}
