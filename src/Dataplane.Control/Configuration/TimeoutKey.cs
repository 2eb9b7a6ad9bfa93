using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Dataplane.Conntrack;

namespace Dataplane.Control.Configuration;

/// <summary>One key of <c>Conntrack.Timeouts</c>, and what the RFCs ask of it.</summary>
/// <remarks>
/// Every state is a key by its own name. Before an answer and after the first one most protocols are alike, so
/// <c>Udp</c> stands for <c>UdpUnreplied</c> and <c>UdpReplied</c>, and so on; a simultaneous open's <c>TcpSynSent2</c> goes with
/// <c>TcpSynSent</c>. Where both are written the narrower key wins.
/// </remarks>
/// <param name="Name">The key.</param>
/// <param name="FloorSeconds">Below this a warning is given; 1 where no RFC names a floor.</param>
/// <param name="Source">The RFC and its requirement, or empty.</param>
/// <param name="States">The states it sets.</param>
public sealed record TimeoutKey(string Name, uint FloorSeconds, string Source, ImmutableArray<ConnectionState> States)
{
    private const string Unreplied = "Unreplied";
    private const string Replied = "Replied";

    /// <summary>Every key, those of several states first: the order in which they are applied.</summary>
    public static ImmutableArray<TimeoutKey> All { get; } = [.. Groups().Concat(OfStates()).OrderByDescending(key => key.States.Length)];

    private static IEnumerable<string> Names => Enum.GetNames<ConnectionState>().Where(name => name != nameof(ConnectionState.None));

    private static IEnumerable<TimeoutKey> Groups() => Names
        .Where(name => name.EndsWith(Unreplied, StringComparison.Ordinal))
        .Select(name => name[..^Unreplied.Length])
        .Select(stem => Key(stem, stem + Unreplied, stem + Replied));

    private static IEnumerable<TimeoutKey> OfStates() => Names.Select(name => Key(name, name, name + "2"));

    private static TimeoutKey Key(string name, params ReadOnlySpan<string> stateNames)
    {
        ImmutableArray<ConnectionState>.Builder states = ImmutableArray.CreateBuilder<ConnectionState>();
        foreach (string stateName in stateNames)
        {
            if (Enum.TryParse(stateName, out ConnectionState state))
            {
                states.Add(state);
            }
        }

        (uint floor, string source) = Floor(states[0]);
        return new TimeoutKey(name, floor, source, states.ToImmutable());
    }

    /// <summary>
    /// Closed and reset connections have no floor: nothing of theirs is lost by going early.
    /// </summary>
    private static (uint Seconds, string Source) Floor(ConnectionState state) => state switch
    {
        ConnectionState.TcpEstablished => (7440, "RFC 5382 REQ-5"),
        ConnectionState.TcpSynSent or ConnectionState.TcpSynSent2 or ConnectionState.TcpSynReceived or ConnectionState.TcpFinWait
            or ConnectionState.TcpCloseWait or ConnectionState.TcpLastAck => (240, "RFC 5382 REQ-5"),
        ConnectionState.UdpUnreplied or ConnectionState.UdpReplied or ConnectionState.UdpStream => (120, "RFC 4787 REQ-5"),
        ConnectionState.IcmpUnreplied or ConnectionState.IcmpReplied => (60, "RFC 5508 REQ-2"),
        ConnectionState.DccpOpen => (7440, "RFC 5597 REQ-5"),
        ConnectionState.DccpRequest or ConnectionState.DccpRespond or ConnectionState.DccpPartOpen or ConnectionState.DccpCloseRequest
            or ConnectionState.DccpClosing => (240, "RFC 5597 REQ-5"),
        _ => (1, ""),
    };
}
