using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using Dataplane.Lab;

namespace Dataplane.Bench.Compare;

/// <summary>A running program under test: its script, its telemetry, its end.</summary>
/// <remarks>A script runs until its standard input closes, then cleans up; perf/peers/README.md has the contract.</remarks>
internal sealed class PeerProcess : IDisposable
{
    private const int ExitSkipped = 77;
    private const int LogCharactersMax = 16 << 10;
    private static readonly TimeSpan s_startPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_outputPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_stopPatience = TimeSpan.FromSeconds(30);
    private static int s_started;

    private readonly Process _script;
    private readonly StringBuilder _log = new();

    private PeerProcess(Process script, string prefix)
    {
        _script = script;
        Prefix = prefix;
        script.OutputDataReceived += (_, line) => Log(line.Data);
        script.ErrorDataReceived += (_, line) => Log(line.Data);
        script.BeginOutputReadLine();
        script.BeginErrorReadLine();
    }

    /// <summary>DPDK's file prefix of this run.</summary>
    public string Prefix { get; }

    /// <summary>Starts a peer for a kind of traffic. Nothing is known to work until <see cref="Connect"/> returns.</summary>
    public static PeerProcess Start(Peer peer, Traffic traffic, CompareSettings settings, bool verify)
    {
        int number = Interlocked.Increment(ref s_started);
        string prefix = string.Create(CultureInfo.InvariantCulture, $"compare-{Environment.ProcessId}-{number}");
        ProcessStartInfo start = new("bash")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add(Path.Combine(settings.Root, "perf", "peers", peer.Script));
        if (peer.Variant is { } variant)
        {
            start.ArgumentList.Add(variant);
        }

        foreach ((string name, string value) in new Dictionary<string, string>
        {
            ["GENERATOR"] = settings.Generator,
            ["ROUTER"] = settings.Router,
            ["FEED"] = settings.Feed,
            ["INSIDE"] = traffic.InsideArguments(peer, verify),
            ["OUTSIDE"] = traffic.OutsideArguments,
            ["FLOOD"] = traffic.FloodArguments,
            ["PREFIX"] = prefix,
            ["ENTRIES"] = traffic.Entries.ToString(CultureInfo.InvariantCulture),
            ["WORKER_CPU"] = string.Join(',', settings.WorkerCpus(traffic.Workers)),
            ["CONTROL_CPU"] = settings.ControlCpu.ToString(CultureInfo.InvariantCulture),
            ["LIMIT_SECONDS"] = PeerRun.LimitSeconds(traffic, settings.Seconds).ToString(CultureInfo.InvariantCulture),
        })
        {
            start.Environment[name] = value;
        }

        return new PeerProcess(Process.Start(start) ?? throw new PeerException("bash did not start"), prefix);
    }

    /// <summary>Waits until the program's telemetry answers.</summary>
    /// <exception cref="PeerSkippedException">Something that the peer needs is missing.</exception>
    /// <exception cref="PeerException">It ended, or does not answer.</exception>
    public TelemetrySocket Connect() => TelemetrySocket.Connect(TelemetrySocket.PathOf(Prefix), s_startPatience, Check);

    /// <summary>Throws when the script has ended.</summary>
    public void Check()
    {
        if (!_script.HasExited)
        {
            return;
        }

        // Both outputs to their end, which a process that it left behind may put off.
        _script.WaitForExitAsync().Wait(s_outputPatience);
        throw _script.ExitCode == ExitSkipped
            ? new PeerSkippedException(LastLines(1))
            : new PeerException($"ended with {_script.ExitCode}: {LastLines(8)}");
    }

    /// <summary>Stops the program and waits until everything it made is gone.</summary>
    public void Dispose()
    {
        if (!_script.HasExited)
        {
            _script.StandardInput.Close();
            if (!_script.WaitForExit(s_stopPatience))
            {
                // Its trap puts the kernel's settings back, which nobody does for a script that is killed.
                Signals.Send(_script.Id, Signals.Terminate);
                if (!_script.WaitForExit(s_stopPatience))
                {
                    _script.Kill(entireProcessTree: true);
                }

                _script.WaitForExit();
            }
        }

        _script.Dispose();
    }

    private void Log(string? line)
    {
        lock (_log)
        {
            if (line is not null && _log.Length < LogCharactersMax)
            {
                _log.AppendLine(line);
            }
        }
    }

    private string LastLines(int count)
    {
        lock (_log)
        {
            return string.Join(" | ", _log.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(count));
        }
    }
}

/// <summary>A peer cannot run on this machine; the message says what it lacks.</summary>
internal sealed class PeerSkippedException(string message) : Exception(message);
