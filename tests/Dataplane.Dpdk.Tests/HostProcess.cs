using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;

namespace Dataplane.Dpdk.Tests;

/// <summary>Runs a scenario of the test host in a process of its own, under a file prefix of its own.</summary>
internal sealed class HostProcess : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly string _prefix;

    private HostProcess(Process process, string prefix)
    {
        _process = process;
        _prefix = prefix;
    }

    internal int Id => _process.Id;

    internal static string NewPrefix() => $"dpdktest-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..8]}";

    /// <summary>Starts a scenario whose first argument is the file prefix.</summary>
    /// <param name="scenario">Its name in the host.</param>
    /// <param name="prefix">DPDK's file prefix.</param>
    /// <param name="launcher">What runs the host: empty, or "ip netns exec NAME".</param>
    /// <param name="environment">Variables to add.</param>
    /// <param name="arguments">Behind the prefix.</param>
    internal static HostProcess Start(
        string scenario, string prefix, string[] launcher, (string Name, string Value)[] environment, params string[] arguments)
    {
        string host = Path.Combine(AppContext.BaseDirectory, "Dataplane.Dpdk.TestHost.dll");
        string dotnet = Path.GetFileName(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";
        string[] command = [.. launcher, dotnet, "exec", host, scenario, prefix, .. arguments];
        ProcessStartInfo start = new(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return new HostProcess(Process.Start(start) ?? throw new InvalidOperationException("the host did not start"), prefix);
    }

    /// <summary>Runs a scenario to its end.</summary>
    internal static HostResult Run(string scenario, params string[] arguments)
    {
        using HostProcess host = Start(scenario, NewPrefix(), [], [], arguments);
        return host.Finish();
    }

    /// <summary>The next line the scenario reports.</summary>
    internal string ReadLine() => _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException(
        "the host ended: " + _process.StandardError.ReadToEnd());

    /// <summary>Ends the scenario's input and waits for it.</summary>
    internal HostResult Finish()
    {
        _process.StandardInput.Close();
        System.Threading.Tasks.Task<string> reading = _process.StandardError.ReadToEndAsync();
        string output = _process.StandardOutput.ReadToEnd();
        if (!_process.WaitForExit(Limit))
        {
            throw new TimeoutException("the host does not end");
        }

        return new HostResult(_process.ExitCode, output, reading.GetAwaiter().GetResult());
    }

    internal void Kill()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.Dispose();
        string directory = PrefixLock.RuntimeDirectory(_prefix);
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}

/// <summary>What a scenario said.</summary>
internal sealed record HostResult(int ExitCode, string Output, string Errors)
{
    private readonly Dictionary<string, string> _values = Output
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Split('=', 2))
        .Where(parts => parts.Length == 2)
        .GroupBy(parts => parts[0])
        .ToDictionary(group => group.Key, group => group.Last()[1]);

    internal string this[string name] => _values.TryGetValue(name, out string? value)
        ? value
        : throw new InvalidOperationException($"the host did not report {name}: {Output}{Errors}");
}
