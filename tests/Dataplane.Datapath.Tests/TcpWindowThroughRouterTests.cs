using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Conntrack;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>Segments outside the window, and what the policy makes of them.</summary>
public class TcpWindowThroughRouterTests
{
    /// <summary>The least window that counts for lower bounds.</summary>
    private const int SpanBytes = 65536;

    /// <summary>By how much the numbers of a segment miss, and why it is refused.</summary>
    public static TheoryData<bool, int, int, DropReason> Misfits()
    {
        TheoryData<bool, int, int, DropReason> data = [];
        foreach (bool fromServer in (ReadOnlySpan<bool>)[false, true])
        {
            data.Add(fromServer, TcpConversation.WindowBytes + 1, 0, DropReason.TcpSequenceAboveWindow);
            data.Add(fromServer, int.MaxValue, 0, DropReason.TcpSequenceAboveWindow);
            data.Add(fromServer, -SpanBytes - 2, 0, DropReason.TcpSequenceBelowWindow);
            data.Add(fromServer, 0, 1, DropReason.TcpAckAboveWindow);
            data.Add(fromServer, 0, int.MaxValue, DropReason.TcpAckAboveWindow);
            data.Add(fromServer, 0, -SpanBytes - 1, DropReason.TcpAckBelowWindow);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Misfits))]
    public void A_segment_that_no_endpoint_could_have_sent_is_dropped_by_name_and_changes_nothing(
        bool fromServer, int ahead, int acknowledged, DropReason reason)
    {
        using RouterBed bed = new(Network.Masquerading());
        TcpConversation talk = new TcpConversation(bed).Open();
        bed.Advance(10);
        byte[] before = talk.EntryBytes;
        bed.SendForDrop(fromServer ? Network.Wan : Network.Lan, Misfit(talk, fromServer, ahead, acknowledged), reason);
        Assert.Equal(before, talk.EntryBytes);
        talk.ClientSays(payload: 10);
        talk.ServerSays(payload: 10);
    }

    [Theory]
    [MemberData(nameof(Misfits))]
    public void Liberal_tracking_lets_it_pass_and_learns_no_window_from_it(bool fromServer, int ahead, int acknowledged, DropReason reason)
    {
        PlanBuilder builder = Network.Masquerading();
        builder.Tcp = TcpPolicy.Strict with { IsLiberal = true };
        using RouterBed bed = new(builder);
        TcpConversation talk = new TcpConversation(bed).Open();
        TcpWindows windows = talk.Windows;
        byte[] frame = Misfit(talk, fromServer, ahead, acknowledged);
        if (fromServer)
        {
            talk.PassesIn(frame);
        }
        else
        {
            talk.PassesOut(frame);
        }

        Assert.Equal(windows, talk.Windows);
        Assert.Equal((ConnectionState.TcpEstablished, 0ul), (talk.State, bed.Drops(reason)));

        // A reset outside the window is not forgiven.
        bed.SendForDrop(Network.Wan, talk.FromServer(TcpFlags.Rst, sequence: talk.Server - 5), DropReason.TcpResetOutsideWindow);
    }

    [Fact]
    public void The_last_byte_of_the_window_and_the_oldest_duplicate_still_pass()
    {
        using RouterBed bed = new(Network.Masquerading());
        TcpConversation talk = new TcpConversation(bed).Open();
        talk.PassesOut(talk.FromClient(sequence: talk.Client - SpanBytes - 1));
        talk.PassesOut(talk.FromClient(acknowledgment: talk.Server - SpanBytes));
        talk.PassesOut(talk.FromClient(sequence: talk.Client + TcpConversation.WindowBytes));
    }

    [Fact]
    public void Loose_tracking_takes_up_a_connection_whose_beginning_it_has_not_seen()
    {
        PlanBuilder builder = Network.Masquerading();
        builder.Tcp = TcpPolicy.Strict with { IsLoose = true };
        using RouterBed bed = new(builder);
        TcpConversation talk = new(bed);
        byte[] first = talk.FromClient(payload: 100);
        talk.ClientSays(payload: 100);
        talk.Find(first);
        Assert.Equal(ConnectionState.TcpEstablished, talk.State);
        talk.ServerSays(payload: 1000);
        talk.ClientSays();
        bed.SendForDrop(Network.Wan, talk.FromServer(TcpFlags.Rst, sequence: talk.Server + (1 << 30)), DropReason.TcpResetOutsideWindow);
        talk.Close();
    }

    /// <summary>RFC 793's numbers are modulo 2^32.</summary>
    [Fact]
    public void Numbers_that_wrap_are_compared_modulo_2_to_the_32()
    {
        using RouterBed bed = new(Network.Masquerading());
        TcpConversation talk = new TcpConversation(bed, clientStart: uint.MaxValue - 500, serverStart: uint.MaxValue - 700).Open();
        for (int round = 0; round < 5; round++)
        {
            talk.ClientSays(payload: 300);
            talk.ServerSays(payload: 400);
        }

        Assert.True(talk.Client < 5000 && talk.Server < 5000);
        talk.Close();
    }

    /// <summary>The first fragment's payload is a part of its segment's: what the peer acknowledges is the whole.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_segment_in_fragments_makes_no_later_segment_invalid(bool isFromClient)
    {
        using RouterBed bed = new(Network.Masquerading());
        TcpConversation talk = new TcpConversation(bed).Open();
        int port = isFromClient ? Network.Lan : Network.Wan;
        byte[] whole = isFromClient ? talk.FromClient(payload: 1200) : talk.FromServer(payload: 1200);
        byte[][] pieces = FragmentFrames.Split(whole, 400);
        Assert.Equal(4, pieces.Length);
        List<byte[]> sent = [.. pieces.SelectMany(piece => bed.Send(port, piece)).Select(frame => frame.Bytes)];
        Assert.Equal(1200 + 20 + 34, FragmentFrames.Join(sent).Length);
        if (isFromClient)
        {
            talk.Client += 1200;
            talk.ServerSays();
            talk.ClientSays(payload: 10);
            talk.ServerSays(payload: 10);
        }
        else
        {
            talk.Server += 1200;
            talk.ClientSays();
            talk.ServerSays(payload: 10);
            talk.ClientSays(payload: 10);
        }
    }

    private static byte[] Misfit(TcpConversation talk, bool fromServer, int ahead, int acknowledged) => fromServer
        ? talk.FromServer(sequence: talk.Server + (uint)ahead, acknowledgment: talk.Client + (uint)acknowledged)
        : talk.FromClient(sequence: talk.Client + (uint)ahead, acknowledgment: talk.Server + (uint)acknowledged);
}
