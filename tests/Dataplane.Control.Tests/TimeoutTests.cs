using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Dataplane.Conntrack;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;
using Dataplane.Datapath;
using Xunit;

namespace Dataplane.Control.Tests;

/// <summary>Every state of every protocol has a timeout that the configuration can name, in the default policy and in others.</summary>
public class TimeoutTests
{
    private static readonly ConnectionState[] s_states = [.. Enum.GetValues<ConnectionState>().Where(state => state != ConnectionState.None)];

    public static TheoryData<ConnectionState> States => [.. s_states];

    [Fact]
    public void Defaults_meet_the_floors_and_cover_every_state_but_none()
    {
        ConntrackConfiguration conntrack = Texts.Accepted(Texts.Home).Conntrack;
        Assert.Equal(s_states, conntrack.TimeoutSeconds.Keys);
        Assert.All(TimeoutKey.All, key => Assert.All(key.States, state => Assert.True(conntrack.TimeoutSeconds[state] >= key.FloorSeconds, key.Name)));
        Assert.Empty(conntrack.TimeoutPolicies);
    }

    [Theory]
    [MemberData(nameof(States))]
    public void Every_state_is_a_key_that_sets_it(ConnectionState state)
    {
        Dictionary<ConnectionState, uint> changed = Changed($"\"{state}\": \"3d\"");
        Assert.Equal(3 * 86400u, changed[state]);
        Assert.All(changed.Keys, other => Assert.StartsWith(state.ToString(), other.ToString(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\"Udp\": \"3m\"", ConnectionState.UdpUnreplied, ConnectionState.UdpReplied)]
    [InlineData("\"icmp\": \"3m\"", ConnectionState.IcmpUnreplied, ConnectionState.IcmpReplied)]
    [InlineData("\"Gre\": \"3m\"", ConnectionState.GreUnreplied, ConnectionState.GreReplied)]
    [InlineData("\"Generic\": \"3m\"", ConnectionState.GenericUnreplied, ConnectionState.GenericReplied)]
    [InlineData("\"TcpSynSent\": \"3m\"", ConnectionState.TcpSynSent, ConnectionState.TcpSynSent2)]
    public void A_key_of_two_states_sets_both_and_no_other(string key, ConnectionState one, ConnectionState two) =>
        Assert.Equal([one, two], Changed(key).OrderBy(pair => pair.Key).Select(pair => pair.Key));

    [Fact]
    public void The_narrower_of_two_keys_wins_wherever_it_stands()
    {
        Dictionary<ConnectionState, uint> changed = Changed("\"UdpReplied\": \"10m\", \"Udp\": \"5m\", \"TcpSynSent\": \"9m\", \"TcpSynSent2\": \"8m\"");
        Assert.Equal(
            [(ConnectionState.TcpSynSent, 540u), (ConnectionState.TcpSynSent2, 480u), (ConnectionState.UdpUnreplied, 300u), (ConnectionState.UdpReplied, 600u)],
            changed.OrderBy(pair => pair.Key).Select(pair => (pair.Key, pair.Value)));
    }

    [Fact]
    public void The_linux_profile_is_said_to_be_below_the_floors_and_single_keys_change_it()
    {
        LoadResult result = Texts.Load(WithTimeouts("\"UdpStream\": \"5m\", \"Profile\": \"linux\""));
        Diagnostic found = Assert.Single(result.Diagnostics);
        Assert.Equal((DiagnosticCode.TimeoutBelowFloor, "Conntrack.Timeouts.Profile"), (found.Code, found.Path));
        ImmutableSortedDictionary<ConnectionState, uint> seconds = result.Configuration!.Conntrack.TimeoutSeconds;
        Assert.Equal((432000u, 30u, 300u), (seconds[ConnectionState.TcpEstablished], seconds[ConnectionState.UdpReplied], seconds[ConnectionState.UdpStream]));
        Assert.Empty(Texts.Load(WithTimeouts("\"Profile\": \"RFC\"")).Diagnostics);
    }

    [Fact]
    public void A_policy_changes_what_it_names_and_has_the_defaults_for_the_rest()
    {
        LoadResult result = Texts.Load(Home("""
            "Conntrack": { "Timeouts": { "UdpStream": "7m", "TcpEstablished": "3h" },
                           "TimeoutPolicies": { "dns": { "Udp": "5s", "UdpStream": "10s" }, "long": { "TcpEstablished": "5d" }, "same": {} } },
            """));
        Assert.Empty(result.Diagnostics);
        ConntrackConfiguration conntrack = result.Configuration!.Conntrack;
        Assert.Equal(["dns", "long", "same"], conntrack.TimeoutPolicies.Select(policy => policy.Name));
        Assert.Equal((5u, 5u, 10u, 10800u), Some(conntrack.TimeoutPolicies[0].Seconds));
        Assert.Equal((120u, 120u, 420u, 432000u), Some(conntrack.TimeoutPolicies[1].Seconds));
        Assert.Equal(conntrack.TimeoutSeconds.AsEnumerable(), conntrack.TimeoutPolicies[2].Seconds.AsEnumerable());
    }

    [Fact]
    public unsafe void Policies_reach_the_plan_and_places_without_one_are_the_default()
    {
        RouterConfiguration configuration = Texts.Accepted(Home("""
            "Conntrack": { "Timeouts": { "UdpStream": "7m" }, "TimeoutPolicies": { "dns": { "UdpStream": "10s" } } },
            """));
        Plan* plan = Planning.PlanCompiler.Compile(configuration, new Planning.PortBinding[3]).Build();
        try
        {
            for (byte policy = 0; policy < TimeoutTable.Policies; policy++)
            {
                Assert.Equal(policy == 1 ? 10u : 420u, plan->Timeouts.Seconds(policy, ConnectionState.UdpStream));
                Assert.All(s_states, state => Assert.NotEqual(0u, Seconds((nint)plan, policy, state)));
            }
        }
        finally
        {
            PlanBuilder.Free(plan);
        }
    }

    [Fact]
    public void One_policy_too_many_is_reported_at_its_name()
    {
        string[] policies = [.. Enumerable.Range(1, 8).Select(number => $"\"p{number}\": {{}}")];
        Assert.Equal(7, Texts.Accepted(Home($"\"Conntrack\": {{ \"TimeoutPolicies\": {{ {string.Join(", ", policies[..7])} }} }},")).Conntrack.TimeoutPolicies.Length);
        Diagnostic found = Assert.Single(Texts.Load(Home($"\"Conntrack\": {{ \"TimeoutPolicies\": {{ {string.Join(", ", policies)} }} }},")).Diagnostics);
        Assert.Equal((DiagnosticCode.LimitExceeded, "Conntrack.TimeoutPolicies.p8"), (found.Code, found.Path));
    }

    [Fact]
    public void Track_rules_choose_policies_by_name_and_default_is_one()
    {
        RouterConfiguration configuration = Texts.Accepted(Home("""
            "Conntrack": { "TimeoutPolicies": { "dns": {}, "bulk": {} } },
            "Track": { "1": { "Do": { "Timeouts": "BULK" } }, "2": { "Do": { "Timeouts": "Default" } }, "3": { "Do": { "NoTrack": true } } },
            """));
        Assert.Equal([(byte?)2, (byte?)0, null], configuration.Track.Select(rule => rule.TimeoutPolicy));
    }

    [Fact]
    public void Names_of_states_are_found_whatever_their_case_and_no_others_are()
    {
        Assert.Equal(s_states, TimeoutStates.All);
        for (int index = 0; index < s_states.Length; index++)
        {
            byte[] name = TimeoutStates.Name(index).ToArray();
            Assert.Equal(s_states[index].ToString(), System.Text.Encoding.ASCII.GetString(name));
            byte[] lower = [.. name.Select(letter => (byte)char.ToLowerInvariant((char)letter))];
            Assert.True(TimeoutStates.TryFind(lower, out ConnectionState found));
            Assert.Equal(s_states[index], found);
            Assert.False(TimeoutStates.TryFind(name.AsSpan(1), out _));
        }
    }

    private static unsafe uint Seconds(nint plan, byte policy, ConnectionState state) => ((Plan*)plan)->Timeouts.Seconds(policy, state);

    private static (uint Unreplied, uint Replied, uint Stream, uint Established) Some(ImmutableSortedDictionary<ConnectionState, uint> seconds) =>
        (seconds[ConnectionState.UdpUnreplied], seconds[ConnectionState.UdpReplied], seconds[ConnectionState.UdpStream], seconds[ConnectionState.TcpEstablished]);

    /// <summary>The states whose timeouts are not the default ones.</summary>
    private static Dictionary<ConnectionState, uint> Changed(string keys)
    {
        ImmutableSortedDictionary<ConnectionState, uint> otherwise = Texts.Accepted(Texts.Home).Conntrack.TimeoutSeconds;
        return Texts.Accepted(WithTimeouts(keys)).Conntrack.TimeoutSeconds
            .Where(pair => otherwise[pair.Key] != pair.Value).ToDictionary(pair => pair.Key, pair => pair.Value);
    }

    private static string WithTimeouts(string keys) => Home("\"Conntrack\": { \"Timeouts\": { " + keys + " } },");

    private static string Home(string line) => Texts.Insert("^  " + line).Text;
}
