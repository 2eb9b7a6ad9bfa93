using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;
using Dataplane.Datapath;
using Dataplane.Packet;

namespace Dataplane.Control.Reading.Sections;

/// <summary>Reads <c>Ports</c>, and checks that no two of them claim the same thing.</summary>
internal static class PortsSection
{
    private const int MtuMin = 68; // RFC 791 §3.2: every link must carry that much whole.
    private const int MtuMax = 9600;
    private const int QueuesMax = 64;
    private const int AddressesMax = 64;

    internal static void Read(SectionReader root, ReadContext context)
    {
        SectionReader section = root.Section("Ports");
        if (section.Children.Count == 0)
        {
            root.Missing("Ports", "a router needs at least one port", "add \"Ports\": { \"lan\": { \"Device\": ... } }");
        }

        PortClaims claims = new();
        foreach (ConfigurationNode node in section.Children)
        {
            if (context.Ports.Count == PlanBuilder.PortsMax)
            {
                section.ReportKey(DiagnosticCode.LimitExceeded, node, $"more than {PlanBuilder.PortsMax} ports");
                return;
            }

            Names.Check(section, node);
            context.Ports.Add(ReadPort(new SectionReader(node, context.Bag), node, context, claims));
        }
    }

    private static PortConfiguration ReadPort(SectionReader reader, ConfigurationNode node, ReadContext context, PortClaims claims)
    {
        (ImmutableArray<Ipv4Prefix> addresses, ImmutableArray<Ipv6Prefix> addresses6) = ReadAddresses(reader, node.Name, claims);
        PortConfiguration port = new(
            node.Name,
            ReadDevice(reader, node.Name, context, claims.Devices),
            addresses,
            reader.Integer("Queues", 1, 1, QueuesMax),
            reader.Integer("Mtu", 1500, MtuMin, MtuMax),
            reader.Boolean("Promiscuous", false),
            reader.Value<MacAddress>("Mac", default, DiagnosticCode.MacInvalid, ValueSyntax.TryMac) is { Raw48: not 0 } mac ? mac : null,
            ReadZone(reader, context));
        port = PortIpv6.Read(reader, port, addresses6);
        reader.Refuse("ReplyZone",
            "what a port receives is looked up in one zone: replies are found in the Zone of the port that they come in by");
        reader.Unsupported("Vlans", "Description", "Bond");
        reader.Finish();
        return port;
    }

    private static string ReadDevice(SectionReader reader, string name, ReadContext context, Dictionary<string, string> devices)
    {
        if (reader.Text("Device", out ConfigurationNode? node) is not { } device)
        {
            if (reader.Exists && node is null)
            {
                reader.Missing("Device", "a port needs a device", "such as \"0000:3b:00.0\" or \"af_xdp:eth1\"");
            }

            return "";
        }

        if (context.DeviceCheck(device) is { } problem)
        {
            reader.Report(DiagnosticCode.DeviceInvalid, node!, problem);
        }

        // "null" and "ring" are made anew for each port; every other device exists once.
        bool shareable = device is "null" or "ring";
        if (!shareable && !devices.TryAdd(device, name))
        {
            reader.Report(DiagnosticCode.DeviceConflict, node!, $"port {devices[device]} has this device already");
        }

        return device;
    }

    private static (ImmutableArray<Ipv4Prefix> Ipv4, ImmutableArray<Ipv6Prefix> Ipv6) ReadAddresses(
        SectionReader reader, string port, PortClaims claims)
    {
        ImmutableArray<Ipv4Prefix>.Builder addresses = ImmutableArray.CreateBuilder<Ipv4Prefix>();
        ImmutableArray<Ipv6Prefix>.Builder addresses6 = ImmutableArray.CreateBuilder<Ipv6Prefix>();
        foreach ((ConfigurationNode node, string text) in reader.List("Addresses"))
        {
            if (addresses.Count + addresses6.Count == AddressesMax)
            {
                reader.Report(DiagnosticCode.LimitExceeded, node, $"more than {AddressesMax} addresses on a port");
                break;
            }

            if (ValueSyntax.LooksLikeIpv6(text))
            {
                PortIpv6.ReadAddress(reader, node, text, port, addresses6, claims.Prefixes6);
            }
            else
            {
                ReadAddress(reader, node, text, port, addresses, claims.Prefixes);
            }
        }

        return (addresses.ToImmutable(), addresses6.ToImmutable());
    }

    private static void ReadAddress(
        SectionReader reader,
        ConfigurationNode node,
        string text,
        string port,
        ImmutableArray<Ipv4Prefix>.Builder addresses,
        List<(Ipv4Prefix Prefix, string Port)> claimed)
    {
        Ipv4Prefix prefix = reader.Parse<Ipv4Prefix>(node, text, default, DiagnosticCode.PrefixInvalid, ValueSyntax.TryInterface);
        if (prefix == default)
        {
            return;
        }

        if (HostProblem(prefix) is { } problem)
        {
            reader.Report(DiagnosticCode.AddressInvalid, node, problem);
            return;
        }

        int clash = claimed.FindIndex(other =>
            other.Prefix.Address == prefix.Address || (other.Port != port && other.Prefix.Range.Overlaps(prefix.Range)));
        if (clash >= 0)
        {
            reader.Report(DiagnosticCode.AddressConflict, node, $"overlaps {claimed[clash].Prefix} of port {claimed[clash].Port}");
        }

        claimed.Add((prefix, port));
        addresses.Add(prefix);
    }

    /// <summary>Why an address cannot be a router's own, or null.</summary>
    private static string? HostProblem(Ipv4Prefix prefix)
    {
        uint first = prefix.Address.Host >> 24;
        if (first is 0 or 127 or >= 224)
        {
            return "not a unicast address that a port can have";
        }

        // A /31 has two hosts and no broadcast (RFC 3021); a /32 is the host itself.
        if (prefix.Length >= 31)
        {
            return null;
        }

        bool network = prefix.IsNetwork;
        return network || prefix.Range.Last == prefix.Address
            ? $"this is the subnet's {(network ? "network" : "broadcast")} address, not a host"
            : null;
    }

    private static ushort ReadZone(SectionReader reader, ReadContext context)
    {
        if (reader.Text("Zone", out ConfigurationNode? node) is not { } name)
        {
            return 0;
        }

        int index = context.ZoneIndex(reader, node!, name);
        return index < 0 ? (ushort)0 : context.Zones[index].Id;
    }
}
