using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Bench.Compare;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>What a sitting measures beside what others have measured.</summary>
public sealed class ComparePlanTests
{
    private static readonly Traffic s_small = Traffic.Find("udp-1k")!;
    private static readonly Traffic s_large = Traffic.Find("udp-1m")!;
    private static readonly Traffic s_zipf = Traffic.Find("udp-1m-zipf")!;

    [Fact]
    public void Without_an_earlier_sitting_everything_is_measured_in_the_order_of_the_settings() => Assert.Equal(
        ["udp-1m: dataplane ovs-one-pass", "udp-1k: dataplane ovs-one-pass"],
        Plan(FixedSettings.Of("dataplane,ovs-one-pass", "udp-1m,udp-1k", repeats: 2), Earlier()));

    [Fact]
    public void What_has_as_many_repeats_is_measured()
    {
        CompareRecord earlier = Earlier(FixedRecord.Result("dataplane", "udp-1k", 20, 21));
        Assert.True(IsMeasured("dataplane", s_small, repeats: 1, earlier));
        Assert.True(IsMeasured("dataplane", s_small, repeats: 2, earlier));
        Assert.Empty(Plan(FixedSettings.Of("dataplane", "udp-1k", repeats: 2), earlier));
    }

    [Fact]
    public void What_has_fewer_repeats_is_missing()
    {
        CompareRecord earlier = Earlier(FixedRecord.Result("dataplane", "udp-1k", 20, 21));
        Assert.False(IsMeasured("dataplane", s_small, repeats: 3, earlier));
        Assert.Equal(["udp-1k: dataplane"], Plan(FixedSettings.Of("dataplane", "udp-1k", repeats: 3), earlier));
    }

    [Fact]
    public void Repeats_that_a_lack_of_memory_left_out_are_missing()
    {
        PeerResult result = FixedRecord.Result("dataplane", "udp-1k", 20) with { Problem = "2090 MiB of memory should be free", IsSkipped = true };
        Assert.False(IsMeasured("dataplane", s_small, repeats: 2, Earlier(result)));
    }

    [Theory]
    [InlineData("2090 MiB of memory should be free, 7 are after 30 s", true)]
    [InlineData("openvswitch-switch-dpdk is not installed", true)]
    [InlineData("ended with 1: boom", false)]
    [InlineData("failed its check: 3 packets came back wrong", false)]
    public void What_could_not_be_measured_then_is_missing(string problem, bool isSkipped) => Assert.False(
        IsMeasured("ovs-one-pass", s_small, repeats: 1, Earlier(FixedRecord.Problem("ovs-one-pass", "udp-1k", problem, isSkipped))));

    [Fact]
    public void What_a_program_can_never_do_is_measured()
    {
        string refusal = Peer.Find("netfilter")!.Refusal(s_zipf)!;
        CompareRecord earlier = Earlier(FixedRecord.Problem("netfilter", "udp-1m-zipf", refusal, isSkipped: true));
        Assert.True(IsMeasured("netfilter", s_zipf, repeats: 5, earlier));
    }

    [Fact]
    public void What_a_program_can_never_do_is_missing_until_a_record_says_so() =>
        Assert.False(IsMeasured("netfilter", s_zipf, repeats: 5, Earlier(FixedRecord.Result("dataplane", "udp-1m-zipf", 1, 2, 3, 4, 5))));

    [Fact]
    public void One_missing_program_makes_the_traffic_missing()
    {
        CompareSettings settings = FixedSettings.Of("dataplane,ovs-one-pass", "udp-1k", repeats: 1);
        CompareRecord one = Earlier(FixedRecord.Result("dataplane", "udp-1k", 20));
        Assert.False(ComparePlan.IsMeasured(settings, one, s_small));
        CompareRecord both = one.With(FixedRecord.Time, [], [FixedRecord.Result("ovs-one-pass", "udp-1k", 2)]);
        Assert.True(ComparePlan.IsMeasured(settings, both, s_small));
        Assert.False(ComparePlan.IsMeasured(settings, both, s_large));
    }

    [Fact]
    public void Every_program_that_a_row_has_is_measured_anew_beside_the_one_that_is_asked_for()
    {
        CompareRecord earlier = Earlier(
            FixedRecord.Result("dataplane", "udp-1k", 20), FixedRecord.Result("testpmd", "udp-1k", 60),
            FixedRecord.Problem("netfilter", "udp-1k", "not installed", isSkipped: true), FixedRecord.Result("ovs-two-pass", "udp-1m", 2));
        Assert.Equal(
            ["udp-1k: dataplane ovs-one-pass netfilter testpmd", "udp-1m: ovs-one-pass ovs-two-pass"],
            Plan(FixedSettings.Of("ovs-one-pass", "udp-1k,udp-1m", repeats: 1), earlier));
    }

    [Fact]
    public void A_row_that_has_what_is_asked_for_is_left_alone_whatever_others_lack()
    {
        CompareRecord earlier = Earlier(
            FixedRecord.Result("dataplane", "udp-1k", 20), FixedRecord.Problem("testpmd", "udp-1k", "not installed", isSkipped: true));
        Assert.Empty(Plan(FixedSettings.Of("dataplane", "udp-1k", repeats: 1), earlier));
    }

    [Fact]
    public void What_is_to_be_measured_again_is_measured_with_all_that_the_row_has()
    {
        CompareRecord earlier = Earlier(FixedRecord.Result("dataplane", "udp-1k", 20), FixedRecord.Result("testpmd", "udp-1k", 60));
        CompareSettings settings = FixedSettings.Of("dataplane", "udp-1k", repeats: 1);
        Assert.Empty(Plan(settings, earlier));
        Assert.Equal(["udp-1k: dataplane testpmd"], Plan(settings with { Again = true }, earlier));
    }

    [Fact]
    public void Who_translates_nothing_or_gets_none_of_a_protocol_is_not_checked()
    {
        CompareSettings settings = FixedSettings.Of("dataplane,netfilter,testpmd", "udp-1m-zipf,tcp-1k", repeats: 1);
        Assert.Equal(
            ["check-tcp: dataplane netfilter", "check-udp: dataplane"],
            ComparePlan.Checks(ComparePlan.Of(settings, Earlier())).Select(Text));
    }

    private static bool IsMeasured(string peer, Traffic traffic, int repeats, CompareRecord earlier) =>
        ComparePlan.IsMeasured(FixedSettings.Of(peer, traffic.Name, repeats), earlier, traffic);

    private static CompareRecord Earlier(params IReadOnlyList<PeerResult> results) =>
        new CompareRecord("A machine", FixedRecord.Time, [], []).With(FixedRecord.Time, [], results);

    /// <summary>Rows as "traffic: peer peer".</summary>
    private static IEnumerable<string> Plan(CompareSettings settings, CompareRecord earlier) =>
        ComparePlan.Of(settings, earlier).Select(Text);

    private static string Text(PlannedRow row) => $"{row.Traffic.Name}: {string.Join(' ', row.Peers.Select(peer => peer.Name))}";
}
