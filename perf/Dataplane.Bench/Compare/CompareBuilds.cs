using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Dataplane.Lab;

namespace Dataplane.Bench.Compare;

/// <summary>What was measured: sources, versions and memory that figures depend on. Null is what a file does not tell.</summary>
/// <param name="Source">Git's name of this router's source, or <see cref="Unknown"/>.</param>
/// <param name="OpenVswitch">Open vSwitch's version, or <see cref="NotInstalled"/>.</param>
/// <param name="Dpdk">The version of the DPDK that this router, Open vSwitch and testpmd share, or <see cref="NotInstalled"/>.</param>
/// <param name="Nft">nft's version, or <see cref="NotInstalled"/>; the kernel's is in the machine's line.</param>
/// <param name="Hugepages">Hugepages of 2 MiB that the machine has, free or not.</param>
/// <param name="Harness">Git's name of what measures: the peers' scripts and this program; or <see cref="Unknown"/>.</param>
internal sealed partial record CompareBuilds(
    string? Source, string? OpenVswitch, string? Dpdk, string? Nft, int? Hugepages, string? Harness)
{
    public const string Unknown = "unknown";
    public const string NotInstalled = "not installed";

    private const string WithChanges = " with changes";

    private const string HugepagesFile = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages";
    private const string SwitchProgram = "/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk"; // as perf/peers/openvswitch.sh

    /// <summary>Of figures from before any of this was written down.</summary>
    public static CompareBuilds NotTold { get; } = new(null, null, null, null, null, null);

    /// <summary>What would be measured now.</summary>
    /// <param name="root">The checkout.</param>
    /// <param name="router">dataplane.dll; one from elsewhere is of unknown source.</param>
    public static CompareBuilds Read(string root, string router)
    {
        string? switches = Output(SwitchProgram, "--version");
        string dpdk = switches is null ? Output("pkg-config", "--modversion", "libdpdk") ?? NotInstalled : VersionOf(switches, "DPDK");
        return new CompareBuilds(
            router.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? SourceOf(root) : Unknown,
            VersionOf(switches, "Open vSwitch"), dpdk,
            VersionOf(Output("nft", "--version") ?? Output("/usr/sbin/nft", "--version"), "nftables"), HugepagesNow(), HarnessOf(root));
    }

    /// <summary>What both tell differently, for people; null where figures of one may stand beside those of the other.</summary>
    /// <remarks>
    /// What was not installed then has no figures that could be of something else. A source or harness with changes, or one that
    /// nobody knows, is never the same as another.
    /// </remarks>
    public string? Difference(CompareBuilds now)
    {
        List<string> differences = [];
        foreach ((string what, string? then, string? other) in Named().Zip(now.Named(), (one, two) => (one.What, one.Value, two.Value)))
        {
            if (then != NotInstalled && (then != other || !IsDefinite(then)))
            {
                differences.Add($"{what} {Text(then)}, now {Text(other)}");
            }
        }

        return differences.Count == 0 ? null : string.Join("; ", differences);
    }

    private static bool IsDefinite(string? value) =>
        value is not (null or Unknown) && !value.EndsWith(WithChanges, StringComparison.Ordinal);

    /// <summary>For people, where null is said to be unknown.</summary>
    public static string Text(string? value) => value ?? Unknown;

    /// <summary>Git's names of what a folder's router is built from, src and native: "4078c3f41a2b-9be2f1a6b37d", perhaps
    /// "with changes".</summary>
    public static string SourceOf(string root) => NameOf(root, "src", "native");

    /// <summary>The same of what measures: perf/peers, then perf/Dataplane.Bench.</summary>
    public static string HarnessOf(string root) => NameOf(root, "perf/peers", "perf/Dataplane.Bench");

    private static string NameOf(string root, string one, string other) =>
        Output("git", "-C", root, "rev-parse", $"HEAD:{one}", $"HEAD:{other}")?.Split('\n')
                is [{ Length: > 12 } first, { Length: > 12 } second]
            && Output("git", "-C", root, "--no-optional-locks", "status", "--porcelain", "--", one, other) is { } changes
            ? $"{first[..12]}-{second[..12]}{(changes.Length > 0 ? WithChanges : string.Empty)}"
            : Unknown;

    /// <summary>The version in what a program says of itself: the first number behind its name.</summary>
    /// <param name="text">What it said; null where it could not be asked.</param>
    /// <param name="name">Its name there.</param>
    public static string VersionOf(string? text, string name)
    {
        if (text is null)
        {
            return NotInstalled;
        }

        int at = text.IndexOf(name, StringComparison.Ordinal);
        Match version = Version().Match(at < 0 ? string.Empty : text[(at + name.Length)..]);
        return version.Success ? version.Groups[1].Value : Unknown;
    }

    private IEnumerable<(string What, string? Value)> Named() =>
    [
        ("this router's source", Source), ("Open vSwitch", OpenVswitch), ("DPDK", Dpdk), ("nft", Nft),
        ("hugepages of 2 MiB", Hugepages?.ToString(CultureInfo.InvariantCulture)), ("the harness", Harness),
    ];

    private static int? HugepagesNow()
    {
        try
        {
            return int.TryParse(File.ReadAllText(HugepagesFile), CultureInfo.InvariantCulture, out int pages) ? pages : null;
        }
        catch (IOException)
        {
            return 0; // a kernel without hugepages of this size
        }
    }

    /// <summary>What a program says, without the last line's end; null when it is not installed or fails.</summary>
    private static string? Output(string program, params IEnumerable<string> arguments)
    {
        try
        {
            CommandResult result = Command.Run(Command.DefaultTimeout, program, arguments);
            return result.Succeeded ? result.Output.TrimEnd() : null;
        }
        catch (LabException)
        {
            return null; // not installed
        }
    }

    // "(Open vSwitch) 3.1.0", "DPDK 22.11.11", "nftables v1.0.6 (…)"
    [GeneratedRegex(@"^[^\d\n]*(\d[\w.\-~+]*)")]
    private static partial Regex Version();
}
