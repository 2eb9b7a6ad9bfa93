using System;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>RFC 5961 §3 seen from the middle: only the exact reset ends a connection.</summary>
[Trait("Category", "Portable")]
public sealed class TcpResetTests
{
    private static readonly string[] s_open =
        ["> S 0 w=1000 : ss", "< S 0 a=1 w=1000 : sr", "> A 1 a=1 w=1000 : es", "> P 1 a=1 l=100 : es+u", "< P 1 a=101 l=50 : es+u", "> A 101 a=51 : es"];

    [Fact]
    public void RFC5961_3_the_exact_number_closes() => After("< R 51 : cl");

    [Fact]
    public void RFC5961_3_a_number_in_the_window_passes_and_changes_nothing() => After(
        "< R 52 : =", "< R 1051 : =", "> R 102 : =", "> A 101 a=51 : es", "< R 51 : cl");

    [Fact]
    public void RFC5961_3_a_number_outside_the_window_is_refused() => After(
        "< R 50 : tcp_reset_outside_window", "< R 1052 : tcp_reset_outside_window", "> R 100 : tcp_reset_outside_window",
        "> R 1102 : tcp_reset_outside_window", "< R -1000000000 : tcp_reset_outside_window", "< A 51 a=101 : es");

    [Fact]
    public void A_challenged_sender_that_meant_it_closes_by_the_number_of_the_challenge() => After(
        "< R 500 : =", "> A 101 a=51 : es", "< R 51 : cl", "< R 51 : =", "> S 90000 : new");

    [Fact]
    public void A_reset_at_the_end_of_what_its_sender_has_sent_closes() => After("< P 51 a=101 l=200 : es+u", "< R 251 a=101 : cl");

    [Fact]
    public void A_reset_for_data_after_a_close_carries_the_number_that_the_data_acknowledged() => After(
        "< F 51 a=101 : fw+u", "> A 101 a=52 : cw", "> P 101 a=52 l=10 : cw+u", "< R 52 : cl");

    [Fact]
    public void Closing_states_are_no_easier_to_reset() => After(
        "> F 101 a=51 : fw+u", "< R 49 : tcp_reset_outside_window", "< R 60 : =", "< A 51 a=102 : cw", "< R 60 : =", "< F 51 a=102 : la+u",
        "< R 49 : tcp_reset_outside_window", "> A 102 a=52 : tw", "< R 52 : =", "< R 51 : tcp_reset_outside_window");

    [Fact]
    public void RFC9293_3_10_7_3_a_refusal_must_acknowledge_the_SYN() => TcpScript.RunEverywhere(
        "> S 0 : ss", "< R 0 : tcp_reset_unacknowledging", "< R 0 a=0 : tcp_reset_unacknowledging", "< R 0 a=2 : tcp_reset_unacknowledging",
        "< R 12345678 a=1 : cl");

    [Fact]
    public void A_refusal_may_acknowledge_the_data_of_the_SYN() => TcpScript.RunEverywhere("> S 0 l=100 : ss", "< R 0 a=101 : cl");

    [Fact]
    public void An_opener_may_give_up_before_and_after_the_answer()
    {
        TcpScript.RunEverywhere("> S 0 : ss", "> R 1 : cl");
        TcpScript.RunEverywhere("> S 0 : ss", "< S 0 a=1 : sr", "> R 1 : cl");
    }

    [Fact]
    public void A_server_may_withdraw_its_answer() => TcpScript.RunEverywhere(
        "> S 0 : ss", "< S 0 a=1 : sr", "< R 500000000 : tcp_reset_outside_window", "< R 1 : cl");

    [Fact]
    public void A_simultaneous_opening_is_refused_or_withdrawn()
    {
        TcpScript.RunEverywhere("> S 0 : ss", "< S 0 : s2", "< R 0 a=9 : tcp_reset_unacknowledging", "< R 0 a=1 : cl");
        TcpScript.RunEverywhere("> S 0 : ss", "< S 0 : s2", "< R 1 : cl");
        TcpScript.RunEverywhere("> S 0 : ss", "< S 0 : s2", "> R 700 : =", "> R 1 : cl");
    }

    [Fact]
    public void A_million_blind_resets_close_a_connection_only_by_the_two_exact_numbers()
    {
        TcpScript script = new(0xFFFF_FF80, 0x1234_5678, TcpPolicy.Strict);
        script.Run(s_open);
        script.Run("< P 51 a=101 l=10 : es+u");
        Random random = new(5961);
        int closed = 0;
        int kept = 0;
        TcpWindows before = script.Windows;
        for (int index = 0; index < 1_000_000; index++)
        {
            bool isReply = (index & 1) != 0;
            uint number = (uint)random.NextInt64(1L << 32);
            if (!Fire(script, isReply, number, out TrackerVerdict verdict))
            {
                bool isExact = number == before.Original.MaxAck || number == before.Reply.End;
                Assert.True(isReply ? isExact : number == before.Reply.MaxAck || number == before.Original.End, $"{number:X8}");
                closed++;
            }

            kept += verdict.Effect == Trackers.Keep ? 1 : 0;
            Assert.True(verdict.Effect is Trackers.Keep || verdict.Reason is DropReason.TcpResetOutsideWindow);
        }

        // Of 2^32 numbers 2 close and about a thousand are in the window; so a million hit one of the latter rarely.
        Assert.InRange(closed, 0, 1);
        Assert.InRange(kept, 0, 10);
        script.Run("> A 101 a=61 : es", "< A 61 a=101 : es");
    }

    [Fact]
    public void Every_number_around_the_window_is_refused_passed_or_exact_as_it_should()
    {
        TcpScript script = new(0xFFFF_FF80, 0xFFFF_FFF0, TcpPolicy.Strict);
        script.Run(s_open);
        for (int offset = -3000; offset <= 3000; offset++)
        {
            uint number = script.Windows.Original.MaxAck + (uint)offset;
            bool isForwarded = Fire(script, isReply: true, number, out TrackerVerdict verdict);
            byte expected = offset == 0 ? (byte)ConnectionState.TcpClose : offset is > 0 and <= 1000 ? Trackers.Keep : Trackers.Invalid;
            Assert.Equal((offset, expected), (offset, verdict.Effect));
            Assert.Equal(offset != 0, isForwarded);
        }
    }

    /// <summary>One reset on a copy of the connection; false if it closed it.</summary>
    private static unsafe bool Fire(TcpScript script, bool isReply, uint number, out TrackerVerdict verdict)
    {
        TcpHeader header = new() { Sequence = Be32.FromHost(number), OffsetAndReserved = 5 << 4, Flags = TcpFlags.Rst };
        TcpWindows windows = script.Windows;
        TcpPolicy policy = TcpPolicy.Strict;
        verdict = TcpTracker.Judge(
            ref windows, script.State, isReply ? Direction.Reply : Direction.Original, TcpSegment.Read(&header, 0), policy);
        return verdict.Effect != (byte)ConnectionState.TcpClose;
    }

    private static void After(params string[] steps) => TcpScript.RunEverywhere([.. s_open, .. steps]);
}
