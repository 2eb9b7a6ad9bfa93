using Dataplane.Conntrack;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>What somebody can do who knows a connection's addresses and ports and none of its numbers.</summary>
public class TcpForgeryTests
{
    /// <summary>A SYN and what seems to answer it end a connection only if the SYN came from where the opener is.</summary>
    [Theory]
    [InlineData(TcpFlags.Rst | TcpFlags.Ack)]
    [InlineData(TcpFlags.Syn | TcpFlags.Ack)]
    public void A_forged_SYN_with_its_own_answer_ends_nothing(TcpFlags answer)
    {
        using RouterBed bed = new(Network.Masquerading());
        TcpConversation talk = new TcpConversation(bed).Open();
        talk.ServerSays(payload: 10);
        talk.ClientSays(payload: 10);
        const uint chosen = 0x5555_0000;
        byte[] syn = Network.FromHost(Network.Wan, Network.Client, Network.Server).Tcp(4000, 80, TcpFlags.Syn, chosen, 0).Build();
        _ = bed.Send(Network.Wan, syn);
        _ = bed.Send(Network.Wan, talk.FromServer(answer, sequence: 12345, acknowledgment: chosen + 1));
        Assert.Equal(ConnectionState.TcpEstablished, talk.State);
        talk.ServerSays(payload: 10);
        talk.ClientSays(payload: 10);
    }

    [Fact]
    public void The_openers_own_SYN_restarts_a_connection_that_the_server_has_lost()
    {
        using RouterBed bed = new(Network.Masquerading());
        TcpConversation talk = new TcpConversation(bed).Open();
        talk.ServerSays(payload: 10);
        talk.PassesOut(talk.FromClient(TcpFlags.Syn, sequence: 0x5555_0000, acknowledgment: 0));
        talk.PassesIn(talk.FromServer(TcpFlags.Rst | TcpFlags.Ack, sequence: 0, acknowledgment: 0x5555_0001));
        Assert.Equal(ConnectionState.TcpClose, talk.State);
    }

    /// <summary>Its ports are in the first fragment, and that is invalid.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void No_fragment_of_a_refused_segment_passes(bool isFirstLast)
    {
        using RouterBed bed = new(Network.Masquerading());
        TcpConversation talk = new TcpConversation(bed).Open();
        byte[] before = talk.EntryBytes;
        byte[][] pieces = FragmentFrames.Split(talk.FromServer(payload: 1200, sequence: talk.Server + 0x4000_0000), 400);
        for (int piece = 0; piece < pieces.Length; piece++)
        {
            Assert.Empty(bed.Send(Network.Wan, pieces[isFirstLast ? pieces.Length - 1 - piece : piece]));
        }

        Assert.Equal((ulong)pieces.Length, bed.Drops(DropReason.TcpSequenceAboveWindow));
        Assert.Equal(before, talk.EntryBytes);
    }
}
