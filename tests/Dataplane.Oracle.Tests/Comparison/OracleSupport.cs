using System;
using System.Globalization;
using System.IO;
using Xunit;

namespace Dataplane.Oracle.Tests;

/// <summary>Why comparisons cannot be made here, if they cannot.</summary>
internal static class OracleSupport
{
    /// <summary>Null where everything needed is there.</summary>
    public static string? Missing { get; } = Look();

    /// <summary>How long each of the tests with random traffic goes on, in seconds: ORACLE_SECONDS. Without it they run once.</summary>
    private static readonly int s_longSeconds =
        int.TryParse(Environment.GetEnvironmentVariable("ORACLE_SECONDS"), NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) ? seconds : 0;

    /// <summary>When a test that begins now may stop to repeat itself; in the milliseconds of <see cref="Environment.TickCount64"/>.</summary>
    public static long EndOfLongRun() => Environment.TickCount64 + s_longSeconds * 1000L;

    private static string? Look()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return "network namespaces and packet sockets need root";
        }

        // Behind this a failing set-up is a failing test: a skip must not hide a mistake of ours.
        return !Directory.Exists("/proc/sys/net/netfilter") || !File.Exists("/proc/sys/net/netfilter/nf_conntrack_tcp_loose")
            ? "this kernel has no connection tracking (CONFIG_NF_CONNTRACK)"
            : null;
    }
}

/// <summary>A fact that needs netfilter as the oracle.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OracleFactAttribute : FactAttribute
{
    public OracleFactAttribute() => Skip = OracleSupport.Missing;
}

/// <summary>A theory that needs netfilter as the oracle.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OracleTheoryAttribute : TheoryAttribute
{
    public OracleTheoryAttribute() => Skip = OracleSupport.Missing;
}
