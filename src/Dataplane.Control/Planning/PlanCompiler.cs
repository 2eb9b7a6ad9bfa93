using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Dataplane.Conntrack;
using Dataplane.Control.Configuration;
using Dataplane.Datapath;
using Dataplane.Nat;
using Dataplane.Packet;
using DestinationRule = Dataplane.Control.Configuration.DestinationRule;
using FilterRule = Dataplane.Control.Configuration.FilterRule;
using RuleMatch = Dataplane.Control.Configuration.RuleMatch;
using SourceRule = Dataplane.Control.Configuration.SourceRule;
using TrackRule = Dataplane.Control.Configuration.TrackRule;

namespace Dataplane.Control.Planning;

/// <summary>Translates a checked configuration into the datapath's plan. Nothing is decided here that a check could
/// refuse.</summary>
public static class PlanCompiler
{
    /// <param name="configuration">As the loader returned it.</param>
    /// <param name="bindings">One for each port, in the configuration's order.</param>
    /// <returns>A builder that holds everything; the caller sets the generation and builds.</returns>
    /// <exception cref="ArgumentException">Not one binding for each port.</exception>
    public static PlanBuilder Compile(RouterConfiguration configuration, IReadOnlyList<PortBinding> bindings)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(bindings);
        if (bindings.Count != configuration.Ports.Length)
        {
            throw new ArgumentException($"{bindings.Count} bindings for {configuration.Ports.Length} ports", nameof(bindings));
        }

        PlanBuilder plan = new()
        {
            FilterDefault = Verdict(configuration.FilterDefault),
            Tcp = configuration.Conntrack.Tcp,
            VerifyChecksums = configuration.Conntrack.Checksum,
            Accounting = configuration.Conntrack.Accounting,
            IcmpErrorsPerSecond = configuration.Limits.IcmpErrorsPerSecond,
        };
        SetTimeouts(ref plan.Timeouts, configuration.Conntrack);
        AddPorts(plan, configuration, bindings);
        foreach (RouteConfiguration route in configuration.Routes)
        {
            NextHop gateway = new() { Kind = NextHopKind.Gateway, Port = (byte)route.PortIndex, Gateway = Ipv6Address.FromIpv4(route.Via) };
            plan.AddRoute(route.Prefix.Address.Host, (byte)route.Prefix.Length, gateway);
        }

        foreach (Route6Configuration route in configuration.Routes6)
        {
            NextHop gateway = new() { Kind = NextHopKind.Gateway, Port = (byte)route.PortIndex, Gateway = route.Via };
            plan.AddRoute6(route.Prefix.Address, (byte)route.Prefix.Length, gateway);
        }

        AddRules(plan, configuration);
        AddReserved(plan, configuration);
        return plan;
    }

    private static void SetTimeouts(ref TimeoutTable table, ConntrackConfiguration conntrack)
    {
        for (byte policy = 0; policy < TimeoutTable.Policies; policy++)
        {
            // A policy that nobody configured is the default one: no connection may find a timeout of nothing.
            ImmutableSortedDictionary<ConnectionState, uint> seconds = policy >= 1 && policy <= conntrack.TimeoutPolicies.Length
                ? conntrack.TimeoutPolicies[policy - 1].Seconds
                : conntrack.TimeoutSeconds;
            foreach ((ConnectionState state, uint value) in seconds)
            {
                table.Set(policy, state, value);
            }
        }
    }

    private static void AddPorts(PlanBuilder plan, RouterConfiguration configuration, IReadOnlyList<PortBinding> bindings)
    {
        for (int index = 0; index < bindings.Count; index++)
        {
            PortConfiguration port = configuration.Ports[index];
            RouterPort record = new()
            {
                Mac48 = (port.Mac ?? bindings[index].Mac).Raw48,
                MtuBytes = (ushort)port.MtuBytes,
                Zone = port.ZoneId,
                DevicePort = bindings[index].DevicePort,
                AdvertisesPrefixes = port.RouterAdvertisements,
            };
            byte number = plan.AddPort(record, [.. port.Addresses.Select(prefix => (prefix.Address, (byte)prefix.Length))]);
            foreach (Ipv6Prefix prefix in PortAddresses.Ipv6(port, record.Mac))
            {
                plan.AddAddress6(number, prefix.Address, (byte)prefix.Length);
            }
        }
    }

    private static void AddRules(PlanBuilder plan, RouterConfiguration configuration)
    {
        foreach (PoolConfiguration pool in configuration.Pools)
        {
            plan.AddPool([.. pool.Addresses.Select(Range)], pool.Ports.First, pool.Ports.Last);
        }

        foreach (TrackRule rule in configuration.Track)
        {
            if ((rule.Match.Families & AddressFamilies.Ipv4) != 0)
            {
                plan.TrackRules.Add(new Nat.TrackRule { Match = Match(rule.Match), Do = Effect(rule) });
            }

            if ((rule.Match.Families & AddressFamilies.Ipv6) != 0)
            {
                plan.Track6Rules.Add(new TrackRule6 { Match = Match6(rule.Match), Do = Effect(rule) });
            }
        }

        foreach (FilterRule rule in configuration.Filter)
        {
            if ((rule.Match.Families & AddressFamilies.Ipv4) != 0)
            {
                plan.FilterRules.Add(new Nat.FilterRule { Match = Match(rule.Match), Verdict = Verdict(rule.Action) });
            }

            if ((rule.Match.Families & AddressFamilies.Ipv6) != 0)
            {
                plan.Filter6Rules.Add(new FilterRule6 { Match = Match6(rule.Match), Verdict = Verdict(rule.Action) });
            }
        }

        plan.DestinationRules.AddRange(configuration.Destination.Select(Destination));
        plan.SourceRules.AddRange(configuration.Source.Select(rule => Source(plan, rule)));
    }

    private static TrackEffect Effect(TrackRule rule) => new()
    {
        Actions = (rule.NoTrack ? TrackActions.NoTrack : 0)
            | (rule.Mark is null ? 0 : TrackActions.SetMark)
            | (rule.TimeoutPolicy is null ? 0 : TrackActions.SetPolicy)
            | (rule.Label.IsEmpty ? 0 : TrackActions.SetLabel),
        Policy = rule.TimeoutPolicy ?? 0,
        Mark = rule.Mark?.Value ?? 0,
        MarkKept = ~(rule.Mark?.Mask ?? 0),
        Label = rule.Label,
    };

    private static Nat.DestinationRule Destination(DestinationRule rule) => new()
    {
        Match = Match(rule.Match),
        To = rule.Address,
        ToPort = rule.Ports?.First ?? 0,
        MatchedPort = rule.Match.DestinationPort.First,
        ToPortCount = (ushort)(rule.Ports?.Count ?? 1),
    };

    private static Nat.SourceRule Source(PlanBuilder plan, SourceRule rule)
    {
        SourceTarget target = rule.Target;
        (SourceAction action, int pool) = target.Kind switch
        {
            SourceTargetKind.Pool => (SourceAction.Pool, target.PoolIndex),
            SourceTargetKind.Masquerade => (SourceAction.Masquerade, 0),
            SourceTargetKind.Exempt => (SourceAction.Exempt, 0),

            // Addresses written in the rule are a pool without a name.
            _ => (SourceAction.Pool, AddRulePool(plan, target)),
        };
        return new Nat.SourceRule { Match = Match(rule.Match), Action = action, Pool = (ushort)pool };
    }

    private static int AddRulePool(PlanBuilder plan, SourceTarget target)
    {
        PortRange ports = target.Ports ?? PoolConfiguration.DefaultPorts;
        return plan.AddPool([Range(target.Addresses)], ports.First, ports.Last);
    }

    /// <summary>
    /// Ports of the router's and the pools' addresses that destination rules forward: source translation must not
    /// hand them out, or an inside host could answer in a published service's place.
    /// </summary>
    private static void AddReserved(PlanBuilder plan, RouterConfiguration configuration)
    {
        foreach (DestinationRule rule in configuration.Destination)
        {
            byte protocol = rule.Match.Protocol == RuleMatch.Any ? (byte)0 : (byte)rule.Match.Protocol;
            foreach (Ipv4Range range in Published(configuration, rule.Match))
            {
                plan.Reserved.Add(new ReservedPorts
                {
                    AddressLow = range.First.Host,
                    AddressHigh = range.Last.Host,
                    PortLow = rule.Match.DestinationPort.First,
                    PortHigh = rule.Match.DestinationPort.Last,
                    Protocol = protocol,
                });
            }
        }
    }

    /// <summary>The addresses that translation may use and the match covers; for a match of all, the ingress port's
    /// own.</summary>
    private static IEnumerable<Ipv4Range> Published(RouterConfiguration configuration, RuleMatch match)
    {
        IEnumerable<PortConfiguration> ports = match.InPort >= 0 && match.Destination == Ipv4Range.All
            ? [configuration.Ports[match.InPort]]
            : configuration.Ports;
        foreach (Ipv4Prefix own in ports.SelectMany(port => port.Addresses).Where(own => match.Destination.Contains(own.Address)))
        {
            yield return new Ipv4Range(own.Address, own.Address);
        }

        // A rule that names no destination forwards what is sent to the router, not to whole pools.
        IEnumerable<Ipv4Range> drawn = match.Destination == Ipv4Range.All
            ? []
            : configuration.Pools.SelectMany(pool => pool.Addresses)
                .Concat(configuration.Source
                    .Where(rule => rule.Target.Kind == SourceTargetKind.Addresses)
                    .Select(rule => rule.Target.Addresses));
        foreach (Ipv4Range range in drawn.Where(match.Destination.Overlaps))
        {
            uint last = Math.Min(range.Last.Host, match.Destination.Last.Host);
            uint first = Math.Max(range.First.Host, match.Destination.First.Host);
            yield return new Ipv4Range(Ipv4Address.FromHost(first), Ipv4Address.FromHost(last));
        }
    }

    private static Nat.RuleMatch Match(RuleMatch match) => new()
    {
        InPorts = match.InPort == RuleMatch.Any ? ulong.MaxValue : 1UL << match.InPort,
        OutPorts = match.OutPort == RuleMatch.Any ? ulong.MaxValue : 1UL << match.OutPort,
        SourceLow = match.Source.First.Host,
        SourceHigh = match.Source.Last.Host,
        DestinationLow = match.Destination.First.Host,
        DestinationHigh = match.Destination.Last.Host,
        SourcePortLow = match.SourcePort.First,
        SourcePortHigh = match.SourcePort.Last,
        DestinationPortLow = match.DestinationPort.First,
        DestinationPortHigh = match.DestinationPort.Last,
        Protocol = match.Protocol == RuleMatch.Any ? (byte)0 : (byte)match.Protocol,
        States = match.States,
        Mark = match.Mark.Value,
        MarkMask = match.Mark.Mask,
        Label = match.Label,
    };

    private static RuleMatch6 Match6(RuleMatch match) => new()
    {
        Common = Match(match),
        Source = match.Source6.Address,
        SourceLength = (byte)match.Source6.Length,
        Destination = match.Destination6.Address,
        DestinationLength = (byte)match.Destination6.Length,
    };

    private static AddressRange Range(Ipv4Range range) => new() { First = range.First.Host, Count = (uint)range.Count };

    private static FilterVerdict Verdict(FilterAction action) => action switch
    {
        FilterAction.Accept => FilterVerdict.Accept,
        FilterAction.Reject => FilterVerdict.Reject,
        _ => FilterVerdict.Drop,
    };
}
