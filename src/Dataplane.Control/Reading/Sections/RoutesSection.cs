using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;
using Dataplane.Packet;

namespace Dataplane.Control.Reading.Sections;

/// <summary>Reads <c>Routes</c>, after <c>Ports</c>: each gateway must be a neighbour of exactly one port.</summary>
internal static class RoutesSection
{
    private const int RoutesMax = 32768;

    internal static (ImmutableArray<RouteConfiguration> Ipv4, ImmutableArray<Route6Configuration> Ipv6) Read(
        SectionReader root, ReadContext context)
    {
        SectionReader section = root.Section("Routes");
        Dictionary<Ipv4Prefix, string> seen = [];
        Dictionary<Ipv6Prefix, string> seen6 = [];
        ImmutableArray<RouteConfiguration>.Builder routes = ImmutableArray.CreateBuilder<RouteConfiguration>();
        ImmutableArray<Route6Configuration>.Builder routes6 = ImmutableArray.CreateBuilder<Route6Configuration>();
        foreach (ConfigurationNode node in section.Children)
        {
            if (routes.Count + routes6.Count == RoutesMax)
            {
                section.ReportKey(DiagnosticCode.LimitExceeded, node, $"more than {RoutesMax} routes");
                break;
            }

            if (ValueSyntax.LooksLikeIpv6(node.Name))
            {
                Routes6Section.Read(section, node, context, seen6, routes6);
            }
            else
            {
                Read(section, node, context, seen, routes);
            }
        }

        return (routes.ToImmutable(), routes6.ToImmutable());
    }

    private static void Read(
        SectionReader section,
        ConfigurationNode node,
        ReadContext context,
        Dictionary<Ipv4Prefix, string> seen,
        ImmutableArray<RouteConfiguration>.Builder routes)
    {
        SectionReader reader = new(node, context.Bag);
        (Ipv4Address via, int port) = ReadGateway(reader, context);
        reader.Unsupported("Metric", "Weight", "Type");
        reader.Finish();
        if (!ValueSyntax.TryPrefix(node.Name, out Ipv4Prefix prefix, out string error, out string? remedy))
        {
            section.ReportKey(DiagnosticCode.PrefixInvalid, node, error, remedy);
            return;
        }

        if (!seen.TryAdd(prefix, node.Path))
        {
            section.ReportKey(DiagnosticCode.RouteConflict, node, $"the same prefix as {seen[prefix]}");
        }
        else if (Connected(prefix, context) is { } owner)
        {
            section.ReportKey(DiagnosticCode.RouteConflict, node, $"port {owner} is connected to this prefix", "remove the route");
        }

        routes.Add(new RouteConfiguration(prefix, via, port));
    }

    private static (Ipv4Address Via, int Port) ReadGateway(SectionReader reader, ReadContext context)
    {
        int named = reader.Text("Port", out ConfigurationNode? portNode) is { } name
            ? context.PortIndex(reader, portNode!, name)
            : RuleMatch.Any;
        if (reader.Take("Via") is { Value: { } text } viaNode && ValueSyntax.LooksLikeIpv6(text))
        {
            reader.Report(DiagnosticCode.FamilyConflict, viaNode, "a route of IPv4 leads to an IPv4 gateway");
            return (default, named);
        }

        Ipv4Address via = reader.Value<Ipv4Address>("Via", default, DiagnosticCode.AddressInvalid, ValueSyntax.TryAddress);
        ConfigurationNode? node = reader.Take("Via");
        if (node is null && reader.Exists)
        {
            reader.Missing("Via", "a route needs a gateway", "such as \"Via\": \"198.51.100.1\"");
        }

        if (via == default)
        {
            return (via, named);
        }

        int port = context.Ports.FindIndex(candidate => candidate.Addresses.Any(prefix => prefix.Contains(via)));
        if (port < 0)
        {
            reader.Report(DiagnosticCode.GatewayUnreachable, node!, "no port has a subnet that holds this gateway");
        }
        else if (named >= 0 && named != port)
        {
            reader.Report(DiagnosticCode.GatewayUnreachable, node!,
                $"the gateway is in the subnet of port {context.Ports[port].Name}, not of {context.Ports[named].Name}");
        }
        else if (context.Ports[port].Addresses.Any(prefix => NotAHost(prefix, via)))
        {
            reader.Report(DiagnosticCode.GatewayUnreachable, node!, "the gateway is the router itself or no host of the subnet");
        }

        return (via, port);
    }

    private static bool NotAHost(Ipv4Prefix prefix, Ipv4Address via) =>
        prefix.Address == via || (prefix.Length < 31 && prefix.Contains(via) && (prefix.Range.First == via || prefix.Range.Last == via));

    private static string? Connected(Ipv4Prefix prefix, ReadContext context) => context.Ports.Find(port =>
        port.Addresses.Any(own => own.Length == prefix.Length && own.Network == prefix.Network))?.Name;
}
