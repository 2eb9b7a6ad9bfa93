using System;
using System.IO;
using System.Linq;

namespace Dataplane.Bench.Trafgen;

/// <summary>Programs that have to be installed.</summary>
internal static class Programs
{
    // Packages of Debian where they are called otherwise.
    private static readonly (string Program, string Package)[] s_packages =
    [
        ("trafgen", "netsniff-ng"), ("nft", "nftables"), ("tc", "iproute2"), ("ip", "iproute2"), ("cpp", "cpp"), ("timeout", "coreutils"),
    ];

    /// <summary>Says which of these is not on the path; null when all are.</summary>
    public static string? Missing(params ReadOnlySpan<string> programs)
    {
        foreach (string program in programs)
        {
            string path = Environment.GetEnvironmentVariable("PATH") ?? string.Empty;
            string[] folders = path.Split(':', StringSplitOptions.RemoveEmptyEntries);
            if (!folders.Any(folder => File.Exists(Path.Combine(folder, program))))
            {
                string package = s_packages.FirstOrDefault(pair => pair.Program == program).Package ?? program;
                return $"{program} is not installed (Debian: {package})";
            }
        }

        return null;
    }
}
