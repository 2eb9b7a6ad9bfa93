using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using Dataplane.Control.Diagnostics;
using Dataplane.Control.Reading;
using Dataplane.Control.Reading.Sections;

namespace Dataplane.Control.Configuration;

/// <summary>Loads a configuration: file, environment and command line in, a checked object or a list of errors out.</summary>
/// <remarks>Never throws for what a file contains, and never returns half of one.</remarks>
public static class ConfigurationLoader
{
    /// <summary>The largest file that is read, in bytes.</summary>
    public const int FileBytesMax = 16 << 20;

    /// <summary>Loads from a file.</summary>
    public static LoadResult LoadFile(string path, LoadOptions options)
    {
        ArgumentNullException.ThrowIfNull(path);
        string origin = Path.GetFileName(path.TrimEnd('/')) is { Length: > 0 } name ? name : path;
        DiagnosticBag bag = new();
        return ReadFile(path, origin, bag) is { } text ? Load(origin, text, options) : new LoadResult(null, bag.ToSortedList());
    }

    /// <summary>Loads from bytes that were read already.</summary>
    /// <param name="origin">The name that locations show.</param>
    /// <param name="text">UTF-8, with or without a byte order mark.</param>
    /// <param name="options">Overrides and checks.</param>
    public static LoadResult Load(string origin, byte[] text, LoadOptions options)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(options);
        DiagnosticBag bag = new();
        bool whole = JsonConfigurationReader.Read(origin, text, bag, out List<JsonEntry> entries);
        if (!whole && entries.Count == 0)
        {
            return new LoadResult(null, bag.ToSortedList());
        }

        ConfigurationNode root = ConfigurationTree.Build(origin, entries, options.Environment, options.Sets, bag);
        DiagnosticBag found = new();
        RouterConfiguration configuration = ReadRoot(root, new ReadContext { Bag = found, DeviceCheck = options.DeviceCheck });
        foreach (Diagnostic diagnostic in found.ToSortedList())
        {
            // Of a file that breaks off, what stands there can be wrong; what is absent may only be unread.
            if (whole || !ConcernsAbsence(diagnostic))
            {
                bag.Add(diagnostic);
            }
        }

        return new LoadResult(bag.HasErrors ? null : configuration, bag.ToSortedList());
    }

    private static bool ConcernsAbsence(Diagnostic diagnostic) => !diagnostic.IsError || diagnostic.Code
        is DiagnosticCode.KeyMissing or DiagnosticCode.PortUnknown or DiagnosticCode.PoolUnknown or DiagnosticCode.ZoneUnknown
        or DiagnosticCode.TimeoutPolicyUnknown
        or DiagnosticCode.GatewayUnreachable or DiagnosticCode.PortWithoutAddress or DiagnosticCode.MatchNotPossible
        or DiagnosticCode.CapacityBelowLimit;

    private static RouterConfiguration ReadRoot(ConfigurationNode node, ReadContext context)
    {
        SectionReader root = new(node, context.Bag);
        _ = root.Take("$schema");
        ImmutableArray<int> cores = MachineSections.ReadCores(root);
        ZonesSection.Read(root, context);
        PortsSection.Read(root, context);
        PoolsSection.Read(root, context);
        ConntrackConfiguration conntrack = ConntrackSection.Read(root, context);
        (ImmutableArray<RouteConfiguration> routes, ImmutableArray<Route6Configuration> routes6) = RoutesSection.Read(root, context);
        (ImmutableArray<FilterRule> filter, FilterAction filterDefault) = FilterSection.Read(root, context);
        RouterConfiguration configuration = new()
        {
            Cores = cores,
            Idle = MachineSections.ReadIdle(root),
            Ports = [.. context.Ports],
            Pools = [.. context.Pools],
            Zones = [.. context.Zones],
            Routes = routes,
            Routes6 = routes6,
            Track = TrackSection.Read(root, context),
            Destination = DestinationSection.Read(root, context),
            Filter = filter,
            FilterDefault = filterDefault,
            Source = SourceSection.Read(root, context),
            Conntrack = conntrack,
            Drivers = MachineSections.ReadDrivers(root),
            Memory = MachineSections.ReadMemory(root),
            Limits = MachineSections.ReadLimits(root),
            Control = MachineSections.ReadControl(root),
        };
        root.Unsupported("Pressure", "SynProxy", "Observability", "Profile", "Ha", "Cluster", "Fib", "Events", "Helpers");
        root.Finish();
        WarnOfWhole(root, node, configuration);
        return configuration;
    }

    private static void WarnOfWhole(SectionReader root, ConfigurationNode node, RouterConfiguration configuration)
    {
        if (node.Find("Filter") is null)
        {
            root.ReportKey(DiagnosticCode.FilterMissing, node, "there is no Filter section: everything that can be routed is forwarded",
                "add \"Filter\": { \"Default\": \"drop\", ... }");
        }

        // A router of IPv6 alone translates nothing and has nothing to hide.
        bool routesIpv4 = configuration.Ports.Any(port => !port.Addresses.IsEmpty || !port.Ipv6);
        if (routesIpv4 && configuration.Ports.Length > 1 && !configuration.Source.Any(rule => rule.Target.Kind != SourceTargetKind.Exempt))
        {
            root.ReportKey(DiagnosticCode.ForwardingUntranslated, node,
                "no Source rule translates: inside addresses leave the router as they are",
                "add for example \"Source\": { \"90\": { \"Match\": { \"Out\": \"wan\" }, \"To\": \"masquerade\" } }");
        }

        int queues = configuration.Ports.Sum(port => port.Queues);
        if (configuration.Ports.Length > 0 && configuration.Cores.Length > queues && node.Find("Cores") is { } cores)
        {
            root.Report(DiagnosticCode.CoresIdle, cores,
                $"{configuration.Cores.Length} workers for {queues} receive queues: some have nothing to poll",
                "raise Queues, or name fewer cores");
        }

        WarnOfZones(root, node, configuration);
    }

    private static void WarnOfZones(SectionReader root, ConfigurationNode node, RouterConfiguration configuration)
    {
        int limit = configuration.Conntrack.MaxEntries;
        foreach (ZoneConfiguration zone in configuration.Zones.Where(zone => zone.MaxEntries > limit))
        {
            if (node.Find("Zones")?.Find(zone.Name)?.Find("MaxEntries") is { } at)
            {
                root.Report(DiagnosticCode.ZoneLimitIdle, at,
                    $"above the table's limit of {limit}, which holds for all zones together",
                    $"raise Conntrack.MaxEntries, or lower this to {limit}");
            }
        }
    }

    private static byte[]? ReadFile(string path, string origin, DiagnosticBag bag)
    {
        SourceLocation at = new(origin, 0, 0);
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using MemoryStream copy = new();
            byte[] part = new byte[64 << 10];
            for (int count = stream.Read(part); count > 0; count = stream.Read(part))
            {
                copy.Write(part, 0, count);
                if (copy.Length > FileBytesMax)
                {
                    bag.Add(new Diagnostic(DiagnosticCode.FileTooLarge, at, "", null, $"larger than {FileBytesMax >> 20} MiB", null));
                    return null;
                }
            }

            return copy.ToArray();
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            bag.Add(new Diagnostic(DiagnosticCode.FileMissing, at, "", null, $"there is no file '{path}'", null));
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            string reason = Directory.Exists(path) ? "is a directory" : exception.Message.ReplaceLineEndings(" ");
            bag.Add(new Diagnostic(DiagnosticCode.FileUnreadable, at, "", null, $"'{path}': {reason}", null));
        }

        return null;
    }
}
