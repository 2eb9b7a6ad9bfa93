using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>Which segments fit an open TCP connection; every script at 64 places of the sequence space.</summary>
[Trait("Category", "Portable")]
public sealed class TcpWindowTests
{
    private static readonly string[] s_open = ["> S 0 w=1000 : ss", "< S 0 a=1 w=1000 : sr", "> A 1 a=1 w=1000 : es"];

    private static readonly TcpPolicy s_loose = TcpPolicy.Strict with { IsLoose = true };

    private static readonly TcpPolicy s_liberal = TcpPolicy.Strict with { IsLiberal = true };

    [Fact]
    public void Data_may_begin_up_to_the_end_of_the_window() => After(
        "> P 1001 a=1 l=1 : es+u", "> P 1003 a=1 l=1 : tcp_sequence_above_window", "> P 1000000 a=1 l=1 : tcp_sequence_above_window");

    [Fact]
    public void Blind_data_before_the_window_is_refused() => After(
        "> P -65540 a=1 l=1 : tcp_sequence_below_window", "> P -1000000 a=1 l=1000 : tcp_sequence_below_window",
        "> P 2000000000 a=1 l=10 : tcp_sequence_above_window", "> P -2000000000 a=1 l=10 : tcp_sequence_below_window");

    [Fact]
    public void What_was_never_sent_cannot_be_acknowledged() => After(
        "> P 1 a=1 l=100 : es+u", "< A 1 a=102 : tcp_ack_above_window", "< A 1 a=101 : es");

    [Fact]
    public void An_acknowledgment_may_be_late_but_not_too_late() => After(
        "> P 1 a=1 l=100 : es+u", "< A 1 a=101 : es", "< A 1 a=1 : es", "< A 1 a=-65435 : es", "< A 1 a=-65436 : tcp_ack_below_window");

    [Fact]
    public void A_refused_segment_leaves_the_window_as_it_was() => After(
        "> P 1 a=1 l=100 w=60000 : es+u", "< P 1 a=102 l=5 w=60000 : tcp_ack_above_window", "> P 1003 a=1 l=5 : tcp_sequence_above_window");

    [Fact]
    public void A_scaled_window_reaches_further() => TcpScript.RunEverywhere(
        "> S 0 w=1000 ws=7 : ss", "< S 0 a=1 w=1000 ws=2 : sr", "> A 1 a=1 w=1000 : es",
        "> P 1001 a=1 l=1 : es+u", "> P 1003 a=1 l=1 : tcp_sequence_above_window", "< P 128001 a=1 l=1 : es+u",
        "< P 128003 a=1 l=1 : tcp_sequence_above_window", "> P 4001 a=1 l=1 : es+u", "> P 4003 a=1 l=1 : tcp_sequence_above_window");

    [Fact]
    public void A_window_is_scaled_only_if_both_sides_offer_it() => TcpScript.RunEverywhere(
        "> S 0 w=1000 ws=7 : ss", "< S 0 a=1 w=1000 : sr", "> A 1 a=1 w=1000 : es", "< P 1001 a=1 l=1 : es+u",
        "< P 1003 a=1 l=1 : tcp_sequence_above_window");

    [Fact]
    public void A_window_is_not_scaled_if_only_the_answer_offers_it() => TcpScript.RunEverywhere(
        "> S 0 w=1000 : ss", "< S 0 a=1 w=1000 ws=7 : sr", "> A 1 a=1 w=1000 : es", "< A 1 a=1 w=1000 : es",
        "> P 1003 a=1 l=1 : tcp_sequence_above_window");

    [Fact]
    public void A_shift_beyond_14_counts_as_14() => TcpScript.RunEverywhere(
        "> S 0 ws=200 : ss", "< S 0 a=1 ws=0 : sr", "> A 1 a=1 w=1 : es", "< P 16385 a=1 l=1 : es+u", "< P 16387 a=1 l=1 : tcp_sequence_above_window");

    [Fact]
    public void Windows_in_SYNs_are_never_scaled() => TcpScript.RunEverywhere(
        "> S 0 w=1000 ws=14 : ss", "< S 0 a=1 w=1000 ws=14 : sr", "< P 1 a=1 l=1000 : sr+u", "< P 1001 a=1 l=1 : sr+u",
        "< P 1003 a=1 l=1 : tcp_sequence_above_window", "> A 1 a=1 w=1 : es+u", "< P 16384 a=1 l=1 : es+u");

    [Fact]
    public void Selective_acknowledgments_count_as_the_highest_of_them() => After(
        "> P 1 a=1 l=100 : es+u", "> P 101 a=1 l=100 : es+u", "< A 1 a=1 sack=101-201 : es+u", "< A 1 a=1 sack=101-202 : tcp_ack_above_window",
        "< A 1 a=-70000 sack=101-201 : es+u", "< A 1 a=201 : es");

    [Fact]
    public void A_selective_acknowledgment_below_the_cumulative_one_is_a_report_of_a_duplicate() => After(
        "> P 1 a=1 l=100 : es+u", "< A 1 a=101 sack=1-101 : es", "< A 1 a=101 sack=1-50 : es");

    [Fact]
    public void Timestamps_alone_do_not_leave_the_fast_path()
    {
        TcpScript script = new(0xFFFF_FFF0, 5, TcpPolicy.Strict);
        script.Run(s_open);
        script.Run("> P 1 a=1 l=100 ts : es+u", "< P 1 a=101 l=50 ts : es+u", "> A 101 a=51 : es", "< P 51 a=101 l=10 : es+u");
        Assert.Equal(4, script.FastCount);
    }

    [Theory]
    [InlineData("out of order", "< P 51 a=1 l=10 : es+u")]
    [InlineData("selective acknowledgment", "< A 1 a=1 sack=1-1 : es")]
    [InlineData("zero window", "< A 1 a=1 w=0 : es")]
    [InlineData("larger window than ever", "< A 1 a=1 w=65535 : es", "> A 1 a=1 w=65535 : es")]
    [InlineData("keep-alive", "< A 0 a=1 : es")]
    public void What_is_unusual_is_left_to_the_slow_path_or_judged_alike(string name, params string[] steps)
    {
        Assert.NotEmpty(name);
        After(steps);
    }

    [Fact]
    public void Keep_alives_are_one_byte_back_with_or_without_that_byte() => After(
        "> P 1 a=1 l=100 : es+u", "< A 1 a=101 : es", "> A 100 a=1 : es", "< A 1 a=101 : es", "> A 100 a=1 l=1 : es", "< A 1 a=101 : es",
        "< A 0 a=101 : es", "> A 101 a=1 : es", "< A 0 a=101 : es");

    [Fact]
    public void Answered_keep_alives_never_shorten_a_connections_life() => After(
        "> A 0 a=1 l=1 : es", "< A 1 a=1 : es", "> A 0 a=1 l=1 : es", "< A 1 a=1 : es", "> A 0 a=1 l=1 : es", "< A 1 a=1 : es",
        "> A 0 a=1 l=1 : es", "< A 1 a=1 : es");

    [Fact]
    public void Unanswered_keep_alives_do() => After(
        "> A 0 a=1 l=1 : es", "> A 0 a=1 l=1 : es", "> A 0 a=1 l=1 : es+r", "> A 0 a=1 l=1 : es+r");

    [Fact]
    public void A_closed_window_is_probed_with_one_byte_and_opens_again() => After(
        "> P 1 a=1 l=1000 : es+u", "< A 1 a=1001 w=0 : es", "> P 1001 a=1 l=1 : es+u", "< A 1 a=1001 w=0 : es+u", "> P 1001 a=1 l=1 : es+u",
        "> A 1002 a=1 : es+u", "< A 1 a=1002 w=0 : es", "> P 1004 a=1 l=1 : tcp_sequence_above_window", "< A 1 a=1002 w=500 : es",
        "> P 1002 a=1 l=500 : es+u");

    [Fact]
    public void A_closed_window_is_probed_with_an_old_number() => After(
        "> P 1 a=1 l=1000 : es+u", "< A 1 a=1001 w=0 : es", "> A 1000 a=1 : es", "< A 1 a=1001 w=0 : es", "> A 1000 a=1 : es", "< A 1 a=1001 w=9 : es");

    [Fact]
    public void A_window_that_shrinks_takes_nothing_back() => After(
        "< A 1 a=1 w=5000 : es", "> P 1 a=1 l=1000 : es+u", "< A 1 a=1001 w=10 : es", "> P 4001 a=1 l=1000 : es+u", "> A 5001 a=1 : es+u");

    [Fact]
    public void Three_repetitions_without_an_answer_are_one_too_many_until_there_is_one() => After(
        "> P 1 a=1 l=100 : es+u", "> P 1 a=1 l=100 : es+u", "> P 1 a=1 l=100 : es+u", "> P 1 a=1 l=100 : es+r", "> P 1 a=1 l=100 : es+r",
        "< A 1 a=101 : es", "> P 101 a=1 l=100 : es+u");

    [Fact]
    public void The_limit_of_repetitions_is_the_policys() => TcpScript.RunEverywhere(
        TcpPolicy.Strict with { RetransmissionsMax = 1 }, [.. s_open, "> P 1 a=1 l=100 : es+u", "> P 1 a=1 l=100 : es+r"]);

    [Fact]
    public void Filling_holes_is_no_repetition() => After(
        "> P 1 a=1 l=100 : es+u", "> P 101 a=1 l=100 : es+u", "> P 201 a=1 l=100 : es+u", "> P 101 a=1 l=100 : es+u", "> P 201 a=1 l=100 : es+u",
        "> P 101 a=1 l=100 : es+u", "> P 201 a=1 l=100 : es+u");

    [Fact]
    public void Data_may_be_repeated_and_cut_otherwise() => After(
        "> P 1 a=1 l=100 : es+u", "> P 101 a=1 l=100 : es+u", "> P 51 a=1 l=100 : es+u", "> P 1 a=1 l=300 : es+u", "< A 1 a=301 : es", "> P 1 a=1 l=50 : es");

    [Fact]
    public void A_FIN_counts_one_and_may_come_with_data() => After(
        "> F 1 a=1 l=10 : fw+u", "< A 1 a=12 : cw", "< A 1 a=13 : tcp_ack_above_window", "< P 1 a=12 l=700 : cw+u", "> A 12 a=701 : cw",
        "< F 701 a=12 : la+u", "> A 12 a=702 : tw", "< F 701 a=12 : =", "> A 12 a=702 : =");

    [Fact]
    public void A_repeated_FIN_is_not_the_peers() => After(
        "> F 1 a=1 l=10 : fw+u", "> F 1 a=1 l=10 : =", "< A 1 a=12 : cw", "> F 11 a=1 : =", "< P 1 a=12 l=100 : cw+u", "> F 11 a=1 : =",
        "> A 12 a=101 : cw", "< F 101 a=12 : la+u", "< F 101 a=12 : =", "> F 11 a=1 : =", "> A 12 a=102 : tw");

    [Fact]
    public void A_FIN_may_be_overtaken_by_what_follows_it() => After(
        "> F 1 a=1 : fw+u", "< A 1 a=2 : cw", "< A 2 a=2 : cw+u", "< F 1 a=2 : la+u", "> A 2 a=2 : tw");

    [Fact]
    public void Both_may_close_at_once() => After(
        "> F 1 a=1 : fw+u", "< F 1 a=1 : la+u", "> A 2 a=2 : tw+u", "< A 2 a=2 : =");

    [Fact]
    public void A_half_closed_connection_goes_on_in_the_other_direction() => After(
        "< F 1 a=1 : fw+u", "> A 1 a=2 : cw", "> P 1 a=2 l=1000 : cw+u", "< A 2 a=1001 : cw", "> P 1001 a=2 l=1000 : cw+u", "< A 2 a=2001 : cw",
        "> F 2001 a=2 : la+u", "< A 2 a=2002 : tw");

    [Fact]
    public void A_forged_FIN_outside_the_window_closes_nothing() => After(
        "< F 70000000 a=1 : tcp_sequence_above_window", "< F 1 a=5000 : tcp_ack_above_window", "> F -90000 a=1 : tcp_sequence_below_window", "> A 1 a=1 : es");

    [Fact]
    public void A_segment_without_ACK_is_refused() => After("> P 1 l=10 : tcp_ack_missing", "> F 1 : tcp_ack_missing", "> A 1 a=1 : es");

    [Fact]
    public void A_liberal_policy_forwards_what_is_outside_but_does_not_learn_from_it() => TcpScript.RunEverywhere(
        s_liberal, [.. s_open, "> P 5000000 a=1 l=10 : es", "< A 1 a=5000010 : es", "> P 1 a=1 l=10 : es+u", "< A 1 a=11 : es",
        "< R 90000000 : tcp_reset_outside_window", "< R 1 : cl"]);

    [Fact]
    public void A_liberal_policy_ends_no_handshake_by_a_wrong_number() => TcpScript.RunEverywhere(
        s_liberal, "> S 0 : ss", "< S 0 a=1 : sr", "> A 1 a=90 : =", "> A 1 a=1 : es");

    [Fact]
    public void A_loose_policy_takes_a_connection_up_in_the_middle() => TcpScript.RunEverywhere(
        s_loose, "> P 1000 a=1 l=100 : es", "< P 1 a=1100 l=500 w=20 : es+u", "> A 1100 a=501 : es", "> P 1100 a=501 l=1400 : es+u");

    [Fact]
    public void What_passed_before_a_connection_was_taken_up_may_be_acknowledged_later() => TcpScript.RunEverywhere(
        s_loose, "> P 1000 a=1 l=100 : es", "< A 1 a=41100 : es", "< A 1 a=61100 : es", "> P 61100 a=1 l=100 : es+u", "< A 1 a=61200 : es");

    [Fact]
    public void A_connection_taken_up_is_reset_by_the_exact_number_alone() => TcpScript.RunEverywhere(
        s_loose, "> P 1000 a=1 l=100 : es", "< A 1 a=1100 : es", "< R 5 : =", "< R 2000000000 : tcp_reset_outside_window", "< R 1 : cl");

    [Fact]
    public void A_stalled_window_survives_the_loss_of_acknowledgments_behind_the_router() => After(
        "> P 1 a=1 l=1000 : es+u", "< A 1 a=1001 : es", "> P 1 a=1 l=500 : es", "< A 1 a=1001 : es", "> P 501 a=1 l=500 : es", "< A 1 a=1001 : es",
        "> P 1001 a=1 l=1000 : es+u");

    private static void After(params string[] steps) => TcpScript.RunEverywhere([.. s_open, .. steps]);
}
