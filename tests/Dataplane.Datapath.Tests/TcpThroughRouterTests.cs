using System;
using Dataplane.Conntrack;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>TCP from the handshake to the end, through translation.</summary>
public class TcpThroughRouterTests
{
    [Fact]
    public void A_life_of_a_connection_goes_through_its_states_and_every_segment_is_counted()
    {
        using RouterBed bed = new(Network.Masquerading());
        TcpConversation talk = new(bed);
        talk.Begin();
        Assert.Equal((ConnectionState.TcpSynSent, 240u), (talk.State, talk.SecondsLeft));
        talk.ServerSays(TcpFlags.Syn | TcpFlags.Ack);
        Assert.Equal(ConnectionState.TcpSynReceived, talk.State);
        Assert.False(talk.Word.Flags.HasFlag(EntryFlags.Assured));
        talk.ClientSays();
        Assert.Equal((ConnectionState.TcpEstablished, 7440u), (talk.State, talk.SecondsLeft));
        Assert.True(talk.Word.Flags.HasFlag(EntryFlags.Assured | EntryFlags.SeenReply | EntryFlags.SourceNat));
        talk.ClientSays(payload: 400);
        talk.ServerSays(payload: 1200);
        talk.ClientSays();
        Assert.Equal(ConnectionState.TcpEstablished, talk.State);
        talk.ServerSays(TcpFlags.Fin | TcpFlags.Ack);
        Assert.Equal(ConnectionState.TcpFinWait, talk.State);
        talk.ClientSays(payload: 30);
        Assert.Equal(ConnectionState.TcpCloseWait, talk.State);
        talk.ServerSays();
        talk.ClientSays(TcpFlags.Fin | TcpFlags.Ack);
        Assert.Equal(ConnectionState.TcpLastAck, talk.State);
        talk.ServerSays();
        Assert.Equal((ConnectionState.TcpTimeWait, 240u), (talk.State, talk.SecondsLeft));
        Assert.Equal((6ul, 5ul), talk.Packets);
        bed.Advance(241.5);
        bed.Settle();
        bed.SendForDrop(Network.Lan, talk.FromClient(), DropReason.TcpNotSyn);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_reset_with_the_exact_number_ends_the_connection(bool byClient)
    {
        using RouterBed bed = new(Network.Masquerading());
        TcpConversation talk = new TcpConversation(bed).Open();
        if (byClient)
        {
            talk.ClientSays(TcpFlags.Rst);
        }
        else
        {
            talk.ServerSays(TcpFlags.Rst);
        }

        Assert.Equal(ConnectionState.TcpClose, talk.State);
    }

    [Theory]
    [InlineData(true, 1u)]
    [InlineData(true, (uint)TcpConversation.WindowBytes)]
    [InlineData(false, 1u)]
    [InlineData(false, (uint)TcpConversation.WindowBytes)]
    public void A_reset_inside_the_window_passes_and_the_challenge_to_it_too_but_nothing_ends(bool fromServer, uint ahead)
    {
        using RouterBed bed = new(Network.Masquerading());
        TcpConversation talk = new TcpConversation(bed).Open();
        bed.Advance(10);
        (StateWord word, TcpWindows windows) = (talk.Word, talk.Windows);
        if (fromServer)
        {
            talk.PassesIn(talk.FromServer(TcpFlags.Rst, sequence: talk.Server + ahead));
            Assert.Equal((word.Value, windows), (talk.Word.Value, talk.Windows));
            talk.ClientSays();
        }
        else
        {
            talk.PassesOut(talk.FromClient(TcpFlags.Rst, sequence: talk.Client + ahead));
            Assert.Equal((word.Value, windows), (talk.Word.Value, talk.Windows));
            talk.ServerSays();
        }

        Assert.Equal((ConnectionState.TcpEstablished, 7440u), (talk.State, talk.SecondsLeft));
    }

    [Theory]
    [InlineData(true, TcpConversation.WindowBytes + 1)]
    [InlineData(true, -1)]
    [InlineData(true, int.MinValue)]
    [InlineData(false, TcpConversation.WindowBytes + 1)]
    [InlineData(false, -1)]
    public void A_reset_outside_the_window_is_dropped_and_changes_nothing(bool fromServer, int ahead)
    {
        using RouterBed bed = new(Network.Masquerading());
        TcpConversation talk = new TcpConversation(bed).Open();
        bed.Advance(10);
        byte[] before = talk.EntryBytes;
        byte[] reset = fromServer
            ? talk.FromServer(TcpFlags.Rst, sequence: talk.Server + (uint)ahead) : talk.FromClient(TcpFlags.Rst, sequence: talk.Client + (uint)ahead);
        bed.SendForDrop(fromServer ? Network.Wan : Network.Lan, reset, DropReason.TcpResetOutsideWindow);
        Assert.Equal(before, talk.EntryBytes);
    }

    [Fact]
    public void A_syn_on_an_open_connection_is_forwarded_challenged_and_without_effect()
    {
        using RouterBed bed = new(Network.Masquerading());
        TcpConversation talk = new TcpConversation(bed).Open();
        bed.Advance(10);
        ulong word = talk.Word.Value;
        talk.PassesOut(talk.FromClient(TcpFlags.Syn, sequence: 77_000_000));
        talk.PassesIn(talk.FromServer(TcpFlags.Syn, sequence: 99_000_000));
        Assert.Equal(word, talk.Word.Value);
        talk.ServerSays();
        talk.ClientSays(payload: 100);
        talk.ServerSays(payload: 100);
        Assert.Equal((ConnectionState.TcpEstablished, 1), (talk.State, bed.CountByDump()));
    }

    [Fact]
    public void A_syn_in_time_wait_opens_the_next_connection_in_an_entry_of_its_own()
    {
        using RouterBed bed = new(Network.Masquerading());
        TcpConversation talk = new TcpConversation(bed).Open();
        talk.Close();
        talk.Client += 1_000_000;
        ulong opened = bed.Router.Totals().Opened;
        talk.Begin();
        Assert.Equal((ConnectionState.TcpSynSent, opened + 1, 1), (talk.State, bed.Router.Totals().Opened, bed.CountByDump()));
        Assert.Equal((1ul, 0ul), talk.Packets);
        talk.Server += 1_000_000;
        talk.ServerSays(TcpFlags.Syn | TcpFlags.Ack);
        talk.ClientSays();
        Assert.Equal(ConnectionState.TcpEstablished, talk.State);
    }

    /// <summary>The linux profile, whose cap of 300 seconds lets unacknowledged data shorten five days.</summary>
    [Fact]
    public void What_nobody_acknowledges_caps_the_deadline_of_the_linux_profile_until_somebody_does()
    {
        PlanBuilder builder = Network.Masquerading();
        builder.Timeouts.SetLinux();
        using RouterBed bed = new(builder);
        TcpConversation talk = new TcpConversation(bed).Open();
        talk.ServerSays();
        Assert.Equal(432_000u, talk.SecondsLeft);
        talk.ClientSays(payload: 10);
        Assert.Equal(300u, talk.SecondsLeft);
        talk.ServerSays();
        Assert.Equal(432_000u, talk.SecondsLeft);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(15)]
    public void Repetitions_without_an_answer_shorten_the_deadline_and_an_answer_restores_it(byte most)
    {
        PlanBuilder builder = Network.Masquerading();
        builder.Tcp = TcpPolicy.Strict with { RetransmissionsMax = most };
        using RouterBed bed = new(builder);
        TcpConversation talk = new TcpConversation(bed).Open();
        byte[] data = talk.FromClient(payload: 10);
        talk.ClientSays(payload: 10);
        for (int repetition = 1; repetition <= most; repetition++)
        {
            Assert.Equal(7440u, talk.SecondsLeft);
            talk.PassesOut(data);
        }

        Assert.Equal(300u, talk.SecondsLeft);
        talk.PassesOut(data);
        Assert.Equal(300u, talk.SecondsLeft);
        talk.ServerSays();
        Assert.Equal((ConnectionState.TcpEstablished, 7440u), (talk.State, talk.SecondsLeft));
    }

    /// <summary>A side that repeats its FIN to a peer that is gone must not hold the entry (RFC 7857 §2.1).</summary>
    [Fact]
    public void Repeated_fins_of_one_side_do_not_keep_a_connection_for_ever()
    {
        using RouterBed bed = new(Network.Masquerading());
        TcpConversation talk = new TcpConversation(bed).Open();
        byte[] fin = talk.FromClient(TcpFlags.Fin | TcpFlags.Ack);
        talk.ClientSays(TcpFlags.Fin | TcpFlags.Ack);
        uint firstDeadline = talk.Word.DeadlineSeconds;
        for (int minute = 0; minute < 3; minute++)
        {
            bed.Advance(60);
            talk.PassesOut(fin);
            Assert.Equal(ConnectionState.TcpFinWait, talk.State);
        }

        Assert.Equal(firstDeadline, talk.Word.DeadlineSeconds);
    }
}
