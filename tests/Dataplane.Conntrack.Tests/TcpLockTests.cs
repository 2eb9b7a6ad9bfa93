using System;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>Several workers on one connection.</summary>
[Trait("Category", "Portable")]
public sealed unsafe class TcpLockTests
{
    [Fact]
    public void Nothing_is_lost_between_workers_that_hold_the_lock()
    {
        const int workers = 3;
        const int rounds = 200_000;
        TcpWindows* windows = (TcpWindows*)NativeMemory.AlignedAlloc(TcpWindows.SizeBytes, 64);
        *windows = default;
        Thread[] threads = [.. Enumerable.Range(0, workers).Select(_ => new Thread(() =>
        {
            for (int round = 0; round < rounds; round++)
            {
                TcpWindows.Enter(ref *windows);
                windows->Original.End++;
                windows->Reply.MaxAck++;
                TcpWindows.Exit(ref *windows);
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.Equal(workers * (uint)rounds, windows->Original.End);
        Assert.Equal(workers * (uint)rounds, windows->Reply.MaxAck);
        Assert.Equal(0, windows->Bits);
        NativeMemory.AlignedFree(windows);
    }

    [Fact]
    public void The_lock_keeps_the_other_bits()
    {
        TcpWindows windows = new() { Bits = TcpWindows.Learned | TcpWindows.ReplyClosedFirst };
        TcpWindows.Enter(ref windows);
        Assert.Equal(TcpWindows.Learned | TcpWindows.ReplyClosedFirst | TcpWindows.Locked, windows.Bits);
        windows.NoteRestart(5, 7);
        windows.ForgetRestart();
        TcpWindows.Exit(ref windows);
        Assert.Equal(TcpWindows.Learned | TcpWindows.ReplyClosedFirst, windows.Bits);
    }

    [Fact]
    public void Judging_allocates_nothing()
    {
        TcpHeader header = new() { OffsetAndReserved = 5 << 4, Flags = TcpFlags.Syn, Window = Be16.FromHost(1000) };
        TcpWindows windows = default;
        TcpPolicy policy = TcpPolicy.Strict;
        for (int round = 0; round < 2; round++)
        {
            // A collection that other tests cause books what is left of this thread's allocation buffer: after this one there is none.
            GC.Collect();
            long before = GC.GetAllocatedBytesForCurrentThread();
            header.Flags = TcpFlags.Syn;
            DropReason reason = TcpTracker.Open(ref windows, TcpSegment.Read(&header, 0), policy, out ConnectionState state);
            header.Flags = TcpFlags.Rst | TcpFlags.Ack;
            header.Acknowledgment = Be32.FromHost(1);
            TrackerVerdict verdict = TcpTracker.Judge(ref windows, state, Direction.Reply, TcpSegment.Read(&header, 0), policy);
            long after = GC.GetAllocatedBytesForCurrentThread();
            Assert.Equal(DropReason.None, reason);
            Assert.Equal((byte)ConnectionState.TcpClose, verdict.Effect);
            Assert.True(round == 0 || after == before, $"{after - before} bytes");
            header.Acknowledgment = default;
        }
    }
}
