using System;
using System.Buffers.Binary;
using System.Linq;
using Dataplane.Conntrack;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>Forged segments by the hundred thousand.</summary>
public class TcpFloodTests
{
    private const int Tcp = EthernetHeader.SizeBytes + Ipv4Header.SizeBytes;
    private const int Connections = 100;

    /// <summary>RFC 5961 §3: a blind attacker has to hit one number in 2^32, twice that here; the seed's million does not.</summary>
    [Fact]
    public void A_million_forged_resets_of_both_directions_kill_none_of_a_hundred_connections()
    {
        const int resets = 1_000_000;
        using RouterBed bed = new(Network.Masquerading());
        Random random = new(7);
        TcpConversation[] talks = [.. Enumerable.Range(0, Connections).Select(number => Opened(bed, number, random))];
        ulong[] words = [.. talks.Select(talk => talk.Word.Value)];
        TcpWindows[] windows = [.. talks.Select(talk => talk.Windows)];
        byte[][] fromClient = [.. talks.Select(talk => talk.FromClient(TcpFlags.Rst))];
        byte[][] fromServer = [.. talks.Select(talk => talk.FromServer(TcpFlags.Rst))];
        ulong transmitted = bed.Router.Totals().Transmitted;
        ulong inWindow = 0;
        bed.World.Captures = false;
        for (int reset = 0; reset < resets; reset++)
        {
            int victim = random.Next(Connections);
            bool byServer = random.Next(2) == 0;
            uint sequence = (uint)random.NextInt64(1L << 32);
            uint exact = byServer ? talks[victim].Server : talks[victim].Client;
            inWindow += sequence - exact <= TcpConversation.WindowBytes ? 1u : 0;
            byte[] frame = byServer ? fromServer[victim] : fromClient[victim];
            SetNumber(frame, Tcp + 4, sequence);
            bed.Inject(byServer ? Network.Wan : Network.Lan, frame);
            if (reset % 32 == 31)
            {
                bed.Poll();
            }
        }

        bed.Settle();
        bed.World.Captures = true;
        ulong forwarded = bed.Router.Totals().Transmitted - transmitted;
        Assert.InRange(inWindow, 1ul, 60ul);
        Assert.Equal(inWindow, forwarded);
        Assert.Equal(resets - inWindow, bed.Drops(DropReason.TcpResetOutsideWindow));
        Assert.Equal(words, talks.Select(talk => talk.Word.Value));
        Assert.Equal(windows, talks.Select(talk => talk.Windows));
        foreach (TcpConversation talk in talks)
        {
            talk.ClientSays(payload: 10);
            talk.ServerSays(payload: 10);
        }
    }

    [Theory]
    [InlineData(TcpFlags.Ack)]
    [InlineData(TcpFlags.Syn | TcpFlags.Ack)]
    [InlineData(TcpFlags.Fin | TcpFlags.Ack)]
    [InlineData(TcpFlags.Rst)]
    public void A_flood_of_segments_that_open_nothing_makes_no_entry(TcpFlags flags)
    {
        const int segments = 50_000;
        using RouterBed bed = new(Network.Masquerading());
        bed.World.Captures = false;
        byte[] frame = Network.FromClient().Tcp(4000, 80, flags).Build();
        byte[] outside = Network.FromHost(Network.Wan, Network.Server, Network.WanAddress).Tcp(80, 4000, flags).Build();
        for (int segment = 0; segment < segments; segment++)
        {
            // Another client port, then another sequence number.
            SetNumber(frame, Tcp, (uint)(segment % 60_000 + 1000) << 16 | 80);
            bed.Inject(Network.Lan, frame);
            SetNumber(outside, Tcp, 80u << 16 | (uint)(segment % 60_000 + 1000));
            bed.Inject(Network.Wan, outside);
            if (segment % 16 == 15)
            {
                bed.Poll();
            }
        }

        bed.Settle();
        Assert.Equal(2ul * segments, bed.Drops(DropReason.TcpNotSyn));
        Assert.Equal((0L, 0ul), (bed.Router.Conntrack.Count(), bed.Router.Totals().Opened));
    }

    private static TcpConversation Opened(RouterBed bed, int number, Random random) =>
        new TcpConversation(bed, (ushort)(4000 + number), (uint)random.NextInt64(1L << 32), (uint)random.NextInt64(1L << 32)).Open();

    /// <summary>Writes four bytes of a TCP header and mends the checksum (RFC 1624).</summary>
    private static void SetNumber(byte[] frame, int at, uint number)
    {
        Span<byte> field = frame.AsSpan(at, 4);
        Span<byte> checksum = frame.AsSpan(Tcp + TcpHeader.ChecksumOffset, 2);
        uint sum = (ushort)~BinaryPrimitives.ReadUInt16BigEndian(checksum);
        sum += (uint)(ushort)~BinaryPrimitives.ReadUInt16BigEndian(field) + (ushort)~BinaryPrimitives.ReadUInt16BigEndian(field[2..]);
        BinaryPrimitives.WriteUInt32BigEndian(field, number);
        sum += (number >> 16) + (number & 0xFFFF);
        sum = (sum & 0xFFFF) + (sum >> 16);
        sum = (sum & 0xFFFF) + (sum >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(checksum, (ushort)~sum);
    }
}
