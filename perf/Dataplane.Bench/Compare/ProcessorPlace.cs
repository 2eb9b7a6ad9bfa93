using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Dataplane.Os;

namespace Dataplane.Bench.Compare;

/// <summary>Where a processor is in the machine.</summary>
/// <param name="Cpu">Its number.</param>
/// <param name="Siblings">The processors that are threads of its core, itself among them; empty where the kernel does not tell.</param>
/// <param name="Node">The NUMA node; null on a machine without any, or where the kernel does not tell.</param>
internal sealed record ProcessorPlace(int Cpu, IReadOnlyList<int> Siblings, int? Node)
{
    /// <summary>The kernel's folder of processors.</summary>
    public const string Folder = "/sys/devices/system/cpu";

    private const string NodePrefix = "node";

    /// <summary>Of a processor of this machine.</summary>
    /// <param name="cpu">Its number.</param>
    /// <param name="folder"><see cref="Folder"/>, or one that is like it.</param>
    public static ProcessorPlace Read(int cpu, string folder = Folder)
    {
        string own = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"cpu{cpu}"));
        try
        {
            return new ProcessorPlace(
                cpu, SiblingsOf(File.ReadAllText(Path.Combine(own, "topology", "thread_siblings_list"))),
                NodeOf(Directory.EnumerateFileSystemEntries(own).Select(entry => Path.GetFileName(entry))));
        }
        catch (IOException)
        {
            return new ProcessorPlace(cpu, [], null);
        }
    }

    /// <summary>The processors of a list such as "0,64" or "0-1"; none when it is not understood.</summary>
    public static IReadOnlyList<int> SiblingsOf(string text) => CpuAffinity.TryParse(text.Trim(), out int[] cpus, out _) ? cpus : [];

    /// <summary>The number of the entry "nodeN" among others; null without one.</summary>
    public static int? NodeOf(IEnumerable<string> entries)
    {
        foreach (string entry in entries)
        {
            if (entry.StartsWith(NodePrefix, StringComparison.Ordinal)
                && int.TryParse(entry.AsSpan(NodePrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int node))
            {
                return node;
            }
        }

        return null;
    }
}
