using System;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Text;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;
using Dataplane.Datapath;
using Dataplane.Datapath.Fragments;
using Dataplane.Os;

namespace Dataplane.Control.Reading.Sections;

/// <summary>Reads what concerns the machine: <c>Cores</c>, <c>Idle</c>, <c>Drivers</c>, <c>Memory</c>, <c>Limits</c> and
/// <c>Control</c>.</summary>
internal static class MachineSections
{
    private const int WorkersMax = 64;
    private const int DriversMax = 16;

    internal static ImmutableArray<int> ReadCores(SectionReader root)
    {
        if (root.Text("Cores", out ConfigurationNode? node) is not { } text)
        {
            if (node is null)
            {
                root.Missing("Cores", "the router needs to know which processors to poll on",
                    "such as \"Cores\": \"1-2\"; leave processor 0 to the system");
            }

            return [];
        }

        if (!CpuAffinity.TryParse(text, out int[] cpus, out string error))
        {
            root.Report(DiagnosticCode.CoresInvalid, node!, error, "write for example 1-3,6");
        }
        else if (cpus.Length > WorkersMax)
        {
            root.Report(DiagnosticCode.LimitExceeded, node!, $"more than {WorkersMax} workers");
        }

        return [.. cpus];
    }

    internal static IdleMode ReadIdle(SectionReader root) =>
        root.Choice("Idle", IdleMode.Spin, ("spin", IdleMode.Spin), ("adaptive", IdleMode.Adaptive));

    internal static ImmutableArray<string> ReadDrivers(SectionReader root)
    {
        ImmutableArray<string>.Builder drivers = ImmutableArray.CreateBuilder<string>();
        foreach ((ConfigurationNode node, string text) in root.List("Drivers"))
        {
            if (!Path.IsPathRooted(text) || text.EndsWith('/') || text.Any(char.IsControl))
            {
                root.Report(DiagnosticCode.PathInvalid, node, "must be the absolute path of a driver library");
            }
            else if (drivers.Count == DriversMax)
            {
                root.Report(DiagnosticCode.LimitExceeded, node, $"more than {DriversMax} driver libraries");
                break;
            }

            drivers.Add(text);
        }

        return drivers.ToImmutable();
    }

    internal static MemoryConfiguration ReadMemory(SectionReader root)
    {
        SectionReader reader = root.Section("Memory");
        MemoryConfiguration memory = new(
            reader.Choice("Hugepages", HugepageMode.Auto, ("auto", HugepageMode.Auto), ("off", HugepageMode.Off)),
            reader.Integer("Mbufs", 0, 512, 16 << 20),
            reader.Value("Pool", 0L, DiagnosticCode.SizeInvalid, ValueSyntax.TrySize));
        reader.Finish();
        return memory;
    }

    internal static LimitsConfiguration ReadLimits(SectionReader root)
    {
        SectionReader reader = root.Section("Limits");
        LimitsConfiguration limits = new((ushort)reader.Integer("IcmpErrorsPerSecond", 10, 0, 10_000), ReadFragments(reader));
        reader.Unsupported("PerSource", "PerSubscriberPorts", "Expectations");
        reader.Finish();
        return limits;
    }

    private static FragmentLimits ReadFragments(SectionReader limits)
    {
        SectionReader reader = limits.Section("Fragments");
        FragmentLimits preset = new();
        FragmentLimits read = new()
        {
            Datagrams = reader.Integer("Datagrams", preset.Datagrams, 8, 1 << 20),
            PerDatagram = reader.Integer("PerDatagram", preset.PerDatagram, 2, FragmentLimits.PerDatagramMax),
            PerSource = reader.Integer("PerSource", preset.PerSource, 1, FragmentLimits.PerSourceMax),
            Held = reader.Integer("Held", preset.Held, 0, 1 << 20),
            HeldPerSource = reader.Integer("HeldPerSource", preset.HeldPerSource, 0, 1 << 20),
            LengthBytesMin = reader.Integer("MinimumBytes", preset.LengthBytesMin, 8, 1280),
            TimeoutNanoseconds = 1_000_000_000L * reader.Value(
                "Timeout", (uint)(preset.TimeoutNanoseconds / 1_000_000_000), DiagnosticCode.DurationInvalid, ValueSyntax.TryDuration),
        };
        reader.Finish();
        return read;
    }

    internal static ControlConfiguration ReadControl(SectionReader root)
    {
        SectionReader reader = root.Section("Control");
        string socket = ControlConfiguration.DefaultSocket;
        if (reader.Text("Socket", out ConfigurationNode? node) is { } path)
        {
            socket = path;
            if (!Path.IsPathRooted(path) || path.Contains('\0', StringComparison.Ordinal) || path.EndsWith('/')
                || Encoding.UTF8.GetByteCount(path) > UnixSocket.PathBytesMax)
            {
                reader.Report(DiagnosticCode.PathInvalid, node!, $"must be an absolute path of at most {UnixSocket.PathBytesMax} bytes");
            }
        }

        string prefix = ControlConfiguration.DefaultFilePrefix;
        if (reader.Text("FilePrefix", out ConfigurationNode? prefixNode) is { } name)
        {
            prefix = name;
            if (!ValueSyntax.IsName(name))
            {
                reader.Report(DiagnosticCode.NameInvalid, prefixNode!, DiagnosticCodes.Explain(DiagnosticCode.NameInvalid));
            }
        }

        reader.Finish();
        return new ControlConfiguration(socket, prefix);
    }
}
