using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;
using Dataplane.Packet;

namespace Dataplane.Control.Reading.Sections;

/// <summary>Reads what a port under <c>Ports</c> says of IPv6.</summary>
internal static class PortIpv6
{
    /// <summary>What a stateless address leaves of a prefix for the host's part is 64 bits (RFC 4291 §2.5.1).</summary>
    private const int AdvertisedLength = 64;

    private static readonly Ipv6Prefix s_linkLocal = new(Ipv6Address.Parse("fe80::"), AdvertisedLength);

    /// <summary>The port with its IPv6 part; addresses imply that there is one.</summary>
    internal static PortConfiguration Read(SectionReader reader, PortConfiguration port, ImmutableArray<Ipv6Prefix> addresses)
    {
        bool enabled = reader.Boolean("Ipv6", !addresses.IsEmpty);
        bool advertises = reader.Boolean("RouterAdvertisements", false);
        if (!enabled && !addresses.IsEmpty)
        {
            reader.Report(DiagnosticCode.FamilyConflict, reader.Take("Ipv6")!,
                "the port has an IPv6 address", "remove the one or the other");
        }

        if (enabled && port.MtuBytes < PortConfiguration.Ipv6MtuMin && reader.Take("Mtu") is { } mtu)
        {
            reader.Report(DiagnosticCode.MtuBelowIpv6, mtu,
                $"a link with IPv6 carries packets of {PortConfiguration.Ipv6MtuMin} bytes (RFC 8200 §5)",
                $"nearest: {PortConfiguration.Ipv6MtuMin}");
        }

        if (advertises && !addresses.Any(prefix => prefix.Length == AdvertisedLength && !prefix.Address.IsLinkLocal))
        {
            reader.Report(DiagnosticCode.PortWithoutAddress, reader.Take("RouterAdvertisements")!,
                "the port has no /64 that hosts could make addresses of (RFC 4862 §5.5.3)",
                "give the port an address such as 2001:db8::1/64");
        }

        return port with { Addresses6 = addresses, Ipv6 = enabled, RouterAdvertisements = advertises };
    }

    /// <summary>Adds one address of the list, or reports what is wrong with it.</summary>
    internal static void ReadAddress(
        SectionReader reader,
        ConfigurationNode node,
        string text,
        string port,
        ImmutableArray<Ipv6Prefix>.Builder addresses,
        List<(Ipv6Prefix Prefix, string Port)> claimed)
    {
        Ipv6Prefix prefix = reader.Parse<Ipv6Prefix>(node, text, default, DiagnosticCode.PrefixInvalid, ValueSyntax.TryInterface6);
        if (prefix == default)
        {
            return;
        }

        if (HostProblem(prefix) is { } problem)
        {
            reader.Report(DiagnosticCode.AddressInvalid, node, problem);
            return;
        }

        if (prefix.Address.IsLinkLocal)
        {
            if (addresses.Any(other => other.Address.IsLinkLocal))
            {
                reader.Report(DiagnosticCode.AddressConflict, node, "the port has a link-local address already, and needs one only");
            }

            addresses.Add(prefix);
            return;
        }

        int clash = claimed.FindIndex(other =>
            other.Prefix.Address == prefix.Address || (other.Port != port && other.Prefix.Overlaps(prefix)));
        if (clash >= 0)
        {
            reader.Report(DiagnosticCode.AddressConflict, node, $"overlaps {claimed[clash].Prefix} of port {claimed[clash].Port}");
        }

        claimed.Add((prefix, port));
        addresses.Add(prefix);
    }

    /// <summary>Why an address cannot be a router's own, or null.</summary>
    private static string? HostProblem(Ipv6Prefix prefix)
    {
        Ipv6Address address = prefix.Address;
        if (address.IsMulticast || address.IsUnspecified || address.IsLoopback || address.IsIpv4Mapped)
        {
            return "not a unicast address that a port can have";
        }

        if (prefix.Length == 0)
        {
            return "a subnet has a prefix of at least one bit";
        }

        // RFC 4291 §2.5.6: ten bits, 54 zeros and the interface's 64.
        if (address.IsLinkLocal)
        {
            return prefix.Length == AdvertisedLength && s_linkLocal.Contains(address) && address != s_linkLocal.Address
                ? null
                : "a link-local address is fe80:: and 64 bits of its own, written with /64";
        }

        // The subnet-router anycast address (RFC 4291 §2.6.1), which a link of two routers does without (RFC 6164 §5).
        return prefix.Length < 127 && prefix.IsNetwork ? "this is the subnet's anycast address of all its routers, not a host" : null;
    }
}
