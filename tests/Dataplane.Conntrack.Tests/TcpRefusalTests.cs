using System;
using System.Runtime.InteropServices;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>A refused segment leaves no trace, whatever it says and however the connection was taken up.</summary>
[Trait("Category", "Portable")]
public sealed unsafe class TcpRefusalTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_refused_changes_no_window(bool isLoose)
    {
        Random random = new(42);
        TcpPolicy policy = TcpPolicy.Strict with { IsLoose = isLoose };
        TcpWindows windows = Established(policy, isLoose);
        int refused = 0;
        for (int count = 0; count < 200_000; count++)
        {
            TcpFlags flags = random.Next(4) switch { 0 => TcpFlags.Rst, 1 => TcpFlags.Fin | TcpFlags.Ack, _ => TcpFlags.Ack };
            TcpHeader header = Header(flags, (uint)random.NextInt64(1L << 32), (uint)random.NextInt64(1L << 32));
            TcpWindows before = windows;
            TcpWindows after = windows;
            TrackerVerdict verdict = TcpTracker.Judge(
                ref after, ConnectionState.TcpEstablished, (Direction)random.Next(2), TcpSegment.Read(&header, payloadBytes: 1), policy);
            if (verdict.Effect == Trackers.Invalid)
            {
                Assert.True(Bytes(ref before).SequenceEqual(Bytes(ref after)));
                refused++;
            }
        }

        Assert.True(refused > 50_000, $"{refused} refused");
    }

    [Fact]
    public void Blind_segments_do_not_drive_a_loosely_taken_up_connection_away_from_its_ends()
    {
        Random random = new(7);
        TcpPolicy policy = TcpPolicy.Strict with { IsLoose = true };
        TcpWindows windows = Established(policy, isLoose: true);

        // Numbers outside of everything that the windows allow, acknowledging what may just be believed.
        for (int count = 0; count < 100; count++)
        {
            TcpHeader forged = Header(TcpFlags.Ack, 0x9000_0000 + (uint)random.Next(1 << 20), 7000 + (uint)random.Next(1 << 29));
            TrackerVerdict verdict = TcpTracker.Judge(
                ref windows, ConnectionState.TcpEstablished, Direction.Original, TcpSegment.Read(&forged, payloadBytes: 1), policy);
            Assert.Equal(Trackers.Invalid, verdict.Effect);
        }

        TcpHeader answer = Header(TcpFlags.Ack, 7000, 1001);
        Assert.Equal((byte)ConnectionState.TcpEstablished, TcpTracker.Judge(
            ref windows, ConnectionState.TcpEstablished, Direction.Reply, TcpSegment.Read(&answer, payloadBytes: 10), policy).Effect);
    }

    private static TcpWindows Established(TcpPolicy policy, bool isLoose)
    {
        TcpWindows windows = default;
        if (isLoose)
        {
            TcpHeader first = Header(TcpFlags.Ack, 1000, 7000);
            Assert.Equal(DropReason.None, TcpTracker.Open(ref windows, TcpSegment.Read(&first, payloadBytes: 1), policy, out _));
            return windows;
        }

        TcpHeader syn = Header(TcpFlags.Syn, 1000, 0);
        Assert.Equal(DropReason.None, TcpTracker.Open(ref windows, TcpSegment.Read(&syn, payloadBytes: 0), policy, out ConnectionState state));
        (TcpHeader, Direction)[] rest =
            [(Header(TcpFlags.Syn | TcpFlags.Ack, 6999, 1001), Direction.Reply), (Header(TcpFlags.Ack, 1001, 7000), Direction.Original)];
        foreach ((TcpHeader header, Direction direction) in rest)
        {
            TcpHeader copy = header;
            state = (ConnectionState)TcpTracker.Judge(ref windows, state, direction, TcpSegment.Read(&copy, payloadBytes: 0), policy).Effect;
        }

        Assert.Equal(ConnectionState.TcpEstablished, state);
        return windows;
    }

    private static TcpHeader Header(TcpFlags flags, uint sequence, uint acknowledgment) => new()
    {
        OffsetAndReserved = 0x50,
        Flags = flags,
        Sequence = Be32.FromHost(sequence),
        Acknowledgment = Be32.FromHost(acknowledgment),
        Window = Be16.FromHost(ushort.MaxValue),
    };

    private static ReadOnlySpan<byte> Bytes(ref TcpWindows windows) =>
        MemoryMarshal.AsBytes(new ReadOnlySpan<TcpWindows>(ref windows));
}
