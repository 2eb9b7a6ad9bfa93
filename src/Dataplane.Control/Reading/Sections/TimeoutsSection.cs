using System.Collections.Immutable;
using Dataplane.Conntrack;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;

namespace Dataplane.Control.Reading.Sections;

/// <summary>Reads <c>Conntrack.Timeouts</c> and <c>Conntrack.TimeoutPolicies</c>.</summary>
internal static class TimeoutsSection
{
    private enum Profile
    {
        Rfc,
        Linux,
    }

    /// <summary>The default policy; the others go to the context.</summary>
    internal static ImmutableSortedDictionary<ConnectionState, uint> Read(SectionReader conntrack, ReadContext context)
    {
        SectionReader reader = conntrack.Section("Timeouts");
        Profile profile = reader.Choice("Profile", Profile.Rfc, ("rfc", Profile.Rfc), ("linux", Profile.Linux));
        if (profile == Profile.Linux)
        {
            reader.Report(DiagnosticCode.TimeoutBelowFloor, reader.Take("Profile")!,
                "Linux lets UDP, ICMP and half-open or closing TCP go sooner than RFC 4787, RFC 5508 and RFC 5382 ask: "
                + "live connections may be cut");
        }

        ImmutableSortedDictionary<ConnectionState, uint> seconds = ReadStates(reader, Preset(profile), warns: true);
        ReadPolicies(conntrack.Section("TimeoutPolicies"), context, seconds);
        return seconds;
    }

    private static void ReadPolicies(SectionReader section, ReadContext context, ImmutableSortedDictionary<ConnectionState, uint> otherwise)
    {
        foreach (ConfigurationNode node in section.Children)
        {
            if (context.TimeoutPolicies.Count == ConntrackConfiguration.TimeoutPoliciesMax)
            {
                section.ReportKey(DiagnosticCode.LimitExceeded, node,
                    $"more than {ConntrackConfiguration.TimeoutPoliciesMax} timeout policies");
                return;
            }

            Names.Check(section, node);
            if (string.Equals(node.Name, TimeoutPolicyConfiguration.DefaultName, System.StringComparison.OrdinalIgnoreCase))
            {
                section.ReportKey(DiagnosticCode.NameInvalid, node,
                    "this is the name of the timeouts under Conntrack.Timeouts", "write them there, or choose another name");
            }

            // A policy is for chosen traffic, whose owner knows how long it lives: no floor is held against it.
            SectionReader reader = new(node, context.Bag);
            ImmutableSortedDictionary<ConnectionState, uint> seconds = ReadStates(reader, otherwise, warns: false);
            context.TimeoutPolicies.Add(new TimeoutPolicyConfiguration(node.Name, seconds));
        }
    }

    private static ImmutableSortedDictionary<ConnectionState, uint> ReadStates(
        SectionReader reader, ImmutableSortedDictionary<ConnectionState, uint> otherwise, bool warns)
    {
        ImmutableSortedDictionary<ConnectionState, uint>.Builder seconds = otherwise.ToBuilder();
        foreach (TimeoutKey key in TimeoutKey.All)
        {
            uint value = reader.Value(key.Name, 0u, DiagnosticCode.DurationInvalid, ValueSyntax.TryDuration);
            if (value == 0)
            {
                continue;
            }

            if (warns && value < key.FloorSeconds)
            {
                reader.Report(DiagnosticCode.TimeoutBelowFloor, reader.Take(key.Name)!,
                    $"{key.Source} asks for at least {key.FloorSeconds}s: live connections may be cut");
            }

            foreach (ConnectionState state in key.States)
            {
                seconds[state] = value;
            }
        }

        reader.Refuse("Icmpv6", "ICMPv6 queries live as long as ICMP's: the key is Icmp");
        reader.Refuse("UdpLite", "UDP-Lite lives as long as UDP: the key is Udp or UdpStream");
        reader.Finish();
        return seconds.ToImmutable();
    }

    private static ImmutableSortedDictionary<ConnectionState, uint> Preset(Profile profile)
    {
        TimeoutTable table = default;
        if (profile == Profile.Linux)
        {
            table.SetLinux();
        }
        else
        {
            table.SetDefaults();
        }

        ImmutableSortedDictionary<ConnectionState, uint>.Builder seconds = ImmutableSortedDictionary.CreateBuilder<ConnectionState, uint>();
        foreach (ConnectionState state in System.Enum.GetValues<ConnectionState>())
        {
            if (state != ConnectionState.None)
            {
                seconds[state] = table.Seconds(0, state);
            }
        }

        return seconds.ToImmutable();
    }
}
