using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>How TCP connections begin, and begin again; every script at 64 places of the sequence space.</summary>
[Trait("Category", "Portable")]
public sealed class TcpHandshakeTests
{
    [Fact]
    public void Three_segments_open_a_connection() => TcpScript.RunEverywhere(
        "> S 0 : ss", "< S 0 a=1 : sr", "> A 1 a=1 : es", "> P 1 a=1 l=100 : es+u", "< A 1 a=101 : es");

    [Fact]
    public void Each_step_may_be_repeated() => TcpScript.RunEverywhere(
        "> S 0 : ss", "> S 0 : ss", "< S 0 a=1 : sr", "> S 0 : =", "< S 0 a=1 : sr", "> A 1 a=1 : es", "< S 0 a=1 : =", "> A 1 a=1 : es");

    [Fact]
    public void The_last_step_must_acknowledge_the_peers_SYN() => TcpScript.RunEverywhere(
        "> S 0 : ss", "< S 0 a=1 : sr", "> A 1 a=0 : tcp_ack_below_window", "> A 1 a=2 : tcp_ack_above_window", "> A 1 a=1 : es");

    [Fact]
    public void Of_two_SYN_ACKs_with_different_numbers_the_opener_may_take_either() => TcpScript.RunEverywhere(
        "> S 0 : ss", "< S 0 a=1 : sr", "< S 5000 a=1 : sr", "> A 1 a=1 : es", "< P 1 a=1 l=100 : es+u", "> A 1 a=101 : es");

    [Fact]
    public void Of_two_SYN_ACKs_the_later_one_may_be_taken_and_of_the_earlier_only_the_exact_number() => TcpScript.RunEverywhere(
        "> S 0 : ss", "< S 0 a=1 : sr", "< S 5000 a=1 : sr", "> A 1 a=2 : tcp_ack_below_window", "> A 1 a=5002 : tcp_ack_above_window",
        "> A 1 a=5001 : es", "< P 5001 a=1 l=100 : es+u");

    [Fact]
    public void The_last_step_may_carry_data_or_a_FIN() => TcpScript.RunEverywhere(
        "> S 0 : ss", "< S 0 a=1 : sr", "> P 1 a=1 l=500 : es+u", "< A 1 a=501 : es", "> F 501 a=1 : fw+u", "< A 1 a=502 : cw");

    [Fact]
    public void A_lost_last_step_may_be_replaced_by_a_FIN() => TcpScript.RunEverywhere(
        "> S 0 : ss", "< S 0 a=1 : sr", "> F 1 a=1 : fw+u", "< A 1 a=2 : cw");

    [Fact]
    public void The_server_may_send_before_the_last_step_has_passed() => TcpScript.RunEverywhere(
        "> S 0 : ss", "< S 0 a=1 : sr", "< P 1 a=1 l=200 : sr+u", "> A 1 a=201 : es");

    [Fact]
    public void The_last_step_may_be_older_than_data_that_overtook_it() => TcpScript.RunEverywhere(
        "> S 0 : ss", "< S 0 a=1 : sr", "> P 1 a=1 l=100 : es+u", "> A 1 a=1 : es+u");

    [Fact]
    public void A_SYN_ACK_for_something_else_passes_without_effect_and_so_does_the_reset_that_answers_it() => TcpScript.RunEverywhere(
        "> S 0 : ss", "< S 7000 a=777 : =", "> R 777 : =", "> S 0 : ss", "< S 0 a=1 : sr", "> A 1 a=1 : es");

    [Fact]
    public void A_challenge_to_a_SYN_passes_and_the_reset_that_answers_it_leaves_the_opening_alone() => TcpScript.RunEverywhere(
        "> S 0 : ss", "< A 5000 a=9000 : =", "> R 9000 : =", "> S 0 : ss", "< S 0 a=1 : sr", "> A 1 a=1 : es");

    [Fact]
    public void Data_in_the_SYN_is_acknowledged_or_not() => TcpScript.RunEverywhere(
        "> S 0 l=300 : ss", "< S 0 a=301 : sr", "> A 301 a=1 : es");

    [Fact]
    public void Data_in_the_SYN_that_is_refused_is_sent_again() => TcpScript.RunEverywhere(
        "> S 0 l=300 : ss", "< S 0 a=1 : sr", "> P 1 a=1 l=300 : es+u", "< A 1 a=301 : es");

    [Fact]
    public void More_than_the_SYN_and_its_data_cannot_be_acknowledged() => TcpScript.RunEverywhere(
        "> S 0 l=300 : ss", "< S 0 a=302 : =", "< S 0 a=0 : =", "< S 0 a=200 : sr");

    [Fact]
    public void A_SYN_ACK_may_carry_data() => TcpScript.RunEverywhere(
        "> S 0 : ss", "< S 0 a=1 l=50 : sr", "> A 1 a=51 : es", "< P 51 a=1 l=10 : es+u");

    [Fact]
    public void Both_sides_may_open_at_once() => TcpScript.RunEverywhere(
        "> S 0 : ss", "< S 0 : s2", "> S 0 a=1 : sr", "< S 0 a=1 : sr", "> P 1 a=1 l=10 : es+u", "< A 1 a=11 : es");

    [Fact]
    public void Both_sides_may_open_at_once_with_the_other_one_first() => TcpScript.RunEverywhere(
        "> S 0 : ss", "< S 0 : s2", "< S 0 : s2", "< S 0 a=1 : sr", "> S 0 a=1 : sr", "> A 1 a=1 : es");

    [Fact]
    public void A_SYN_ACK_of_the_opener_must_acknowledge_the_other_SYN() => TcpScript.RunEverywhere(
        "> S 0 : ss", "< S 0 : s2", "> S 0 a=0 : tcp_ack_below_window", "> S 0 a=2 : tcp_ack_above_window", "> S 0 a=1 : sr");

    [Fact]
    public void A_SYN_with_another_number_starts_over_while_unanswered() => TcpScript.RunEverywhere(
        "> S 0 : ss", "> S 5000 : ss", "< S 0 a=1 : =", "< S 0 a=5001 : sr", "> A 5001 a=1 : es");

    [Fact]
    public void A_repeated_SYN_ACK_with_another_number_is_the_one_that_counts() => TcpScript.RunEverywhere(
        "> S 0 : ss", "< S 0 a=1 : sr", "> S 0 : =", "< S 8000 a=1 : sr", "> A 1 a=8001 : es", "< P 8001 a=1 l=9 : es+u");

    [Fact]
    public void Nothing_but_a_SYN_opens() => TcpScript.RunEverywhere(
        "> A 1 a=1 : tcp_not_syn", "> F 1 a=1 : tcp_not_syn", "> R 1 : tcp_not_syn", "> S 0 a=1 : tcp_not_syn", "> S 0 : ss");

    [Fact]
    public void An_ended_connection_gives_way_to_a_SYN() => TcpScript.RunEverywhere(
        "> S 0 : ss", "< S 0 a=1 : sr", "> A 1 a=1 : es", "> F 1 a=1 : fw+u", "< F 1 a=2 : la+u", "> A 2 a=2 : tw", "< S 9000 : =", "> S 50000 : new");

    [Fact]
    public void A_SYN_on_an_open_connection_changes_nothing_and_is_challenged() => TcpScript.RunEverywhere(
        "> S 0 : ss", "< S 0 a=1 : sr", "> A 1 a=1 : es", "> P 1 a=1 l=100 : es+u", "< A 1 a=101 : es",
        "> S 77777 : =", "< A 1 a=101 : es", "> P 101 a=1 l=100 : es+u", "< S 4444 : =", "> A 201 a=1 : es+u");

    [Fact]
    public void An_opener_that_has_lost_the_connection_closes_it_by_the_reset_that_answers_the_challenge() => TcpScript.RunEverywhere(
        "> S 0 : ss", "< S 0 a=1 : sr", "> A 1 a=1 : es", "> P 1 a=1 l=100 : es+u", "< A 1 a=101 : es",
        "> S 77777 : =", "< A 1 a=101 : es", "> R 101 : cl", "> S 77777 : new");

    [Fact]
    public void Two_ends_that_have_lost_the_connection_begin_again_on_the_same_tuple() => TcpScript.RunEverywhere(
        "> S 0 ws=7 : ss", "< S 0 a=1 ws=7 : sr", "> A 1 a=1 : es", "> S 77777 ws=3 : =", "< S 500000 a=77778 ws=2 : sr",
        "> A 77778 a=500001 : es", "< P 500001 a=77778 l=500 : es+u", "> A 77778 a=500501 w=60000 : es", "< P 980501 a=77778 l=1 : es+u",
        "< P 980503 a=77778 l=1 : tcp_sequence_above_window");

    [Fact]
    public void A_delayed_SYN_and_its_delayed_answer_do_not_begin_a_connection_again() => TcpScript.RunEverywhere(
        "> S 0 : ss", "< S 0 a=1 : sr", "> F 1 a=1 : fw+u", "> S 0 : =", "< S 0 a=1 : =", "< A 1 a=2 : cw", "> S 0 : =", "< S 0 a=1 : =", "< F 1 a=2 : la+u",
        "> A 2 a=2 : tw");

    [Fact]
    public void Only_the_openers_own_SYN_makes_a_SYN_ACK_believed() => TcpScript.RunEverywhere(
        "> S 0 : ss", "< S 0 a=1 : sr", "> A 1 a=1 : es", "< S 500000 a=77778 : =", "> S 77777 : =", "< S 500000 a=77779 : =",
        "< S 500000 a=77777 : =", "> P 1 a=1 l=5 : es+u", "< S 500000 a=77778 : =", "< A 1 a=6 : es");

    [Fact]
    public void A_refused_SYN_on_a_connection_that_the_peer_has_lost_closes_it() => TcpScript.RunEverywhere(
        "> S 0 : ss", "< S 0 a=1 : sr", "> A 1 a=1 : es", "> S 77777 : =", "< R 100000000 a=77777 : tcp_reset_outside_window",
        "< R 100000000 a=77778 : cl");
}
