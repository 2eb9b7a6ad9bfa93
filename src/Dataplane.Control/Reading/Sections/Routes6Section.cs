using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;
using Dataplane.Packet;

namespace Dataplane.Control.Reading.Sections;

/// <summary>Reads the IPv6 routes under <c>Routes</c>, whose keys hold colons.</summary>
internal static class Routes6Section
{
    private static readonly Ipv6Prefix s_linkLocal = new(Ipv6Address.Parse("fe80::"), 10);
    private static readonly Ipv6Prefix s_multicast = new(Ipv6Address.Parse("ff00::"), 8);

    internal static void Read(
        SectionReader section,
        ConfigurationNode node,
        ReadContext context,
        Dictionary<Ipv6Prefix, string> seen,
        ImmutableArray<Route6Configuration>.Builder routes)
    {
        SectionReader reader = new(node, context.Bag);
        (Ipv6Address via, int port) = ReadGateway(reader, context);
        reader.Unsupported("Metric", "Weight", "Type");
        reader.Finish();
        if (!ValueSyntax.TryPrefix6(node.Name, out Ipv6Prefix prefix, out string error, out string? remedy))
        {
            section.ReportKey(DiagnosticCode.PrefixInvalid, node, error, remedy);
            return;
        }

        if (s_linkLocal.Contains(prefix) || s_multicast.Contains(prefix))
        {
            section.ReportKey(DiagnosticCode.RouteConflict, node, "link-local and multicast packets are not routed", "remove the route");
        }
        else if (!seen.TryAdd(prefix, node.Path))
        {
            section.ReportKey(DiagnosticCode.RouteConflict, node, $"the same prefix as {seen[prefix]}");
        }
        else if (Connected(prefix, context) is { } owner)
        {
            section.ReportKey(DiagnosticCode.RouteConflict, node, $"port {owner} is connected to this prefix", "remove the route");
        }

        routes.Add(new Route6Configuration(prefix, via, port));
    }

    private static (Ipv6Address Via, int Port) ReadGateway(SectionReader reader, ReadContext context)
    {
        int named = reader.Text("Port", out ConfigurationNode? portNode) is { } name
            ? context.PortIndex(reader, portNode!, name)
            : RuleMatch.Any;
        if (reader.Text("Via", out ConfigurationNode? node) is not { } text)
        {
            if (node is null && reader.Exists)
            {
                reader.Missing("Via", "a route needs a gateway", "such as \"Via\": \"2001:db8::1\"");
            }

            return (default, named);
        }

        if (!ValueSyntax.LooksLikeIpv6(text))
        {
            bool isIpv4 = Ipv4Address.TryParse(text, out _);
            reader.Report(isIpv4 ? DiagnosticCode.FamilyConflict : DiagnosticCode.AddressInvalid, node!,
                isIpv4 ? "a route of IPv6 leads to an IPv6 gateway" : "not an IPv6 address", "such as 2001:db8::1");
            return (default, named);
        }

        Ipv6Address via = reader.Parse<Ipv6Address>(node!, text, default, DiagnosticCode.AddressInvalid, ValueSyntax.TryAddress6);
        if (via.IsUnspecified)
        {
            return (via, named);
        }

        return via.IsLinkLocal ? OnLink(reader, node!, portNode, via, named, context) : InSubnet(reader, node!, via, named, context);
    }

    /// <summary>A link-local address says nothing of its link: the port must be named.</summary>
    private static (Ipv6Address Via, int Port) OnLink(
        SectionReader reader, ConfigurationNode node, ConfigurationNode? portNode, Ipv6Address via, int named, ReadContext context)
    {
        if (portNode is null)
        {
            reader.Report(DiagnosticCode.GatewayUnreachable, node,
                "every port has link-local neighbours", "name the gateway's with \"Port\"");
        }
        else if (named >= 0 && !context.Ports[named].Ipv6)
        {
            reader.Report(DiagnosticCode.PortWithoutAddress, portNode,
                "the port has no IPv6", "add \"Ipv6\": true to it, or an IPv6 address");
        }
        else if (named >= 0 && context.Ports[named].Addresses6.Any(own => own.Address == via))
        {
            reader.Report(DiagnosticCode.GatewayUnreachable, node, "the gateway is the router itself");
        }

        return (via, named);
    }

    private static (Ipv6Address Via, int Port) InSubnet(
        SectionReader reader, ConfigurationNode node, Ipv6Address via, int named, ReadContext context)
    {
        int port = context.Ports.FindIndex(candidate => candidate.Addresses6.Any(own => own.Contains(via)));
        if (port < 0)
        {
            reader.Report(DiagnosticCode.GatewayUnreachable, node, "no port has a subnet that holds this gateway");
        }
        else if (named >= 0 && named != port)
        {
            reader.Report(DiagnosticCode.GatewayUnreachable, node,
                $"the gateway is in the subnet of port {context.Ports[port].Name}, not of {context.Ports[named].Name}");
        }
        else if (context.Ports[port].Addresses6.Any(own => own.Address == via || (own.Length < 127 && own.Network == via)))
        {
            reader.Report(DiagnosticCode.GatewayUnreachable, node, "the gateway is the router itself");
        }

        return (via, port);
    }

    private static string? Connected(Ipv6Prefix prefix, ReadContext context) => context.Ports.Find(port =>
        port.Addresses6.Any(own => own.Length == prefix.Length && own.Network == prefix.Network))?.Name;
}
