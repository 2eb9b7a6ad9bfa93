using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Threading;

namespace Dataplane.Lab;

/// <summary>The router under test: <c>dataplane run</c> in the router's namespace.</summary>
public sealed class DataplaneRouter : Router
{
    private static readonly TimeSpan s_startTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_showTimeout = TimeSpan.FromSeconds(10);

    private readonly Topology _topology;
    private readonly LabOptions _options;
    private BackgroundProcess? _process;

    /// <summary>Writes the configuration; <see cref="Start"/> starts it.</summary>
    /// <param name="topology">The hosts and links.</param>
    /// <param name="options">Device, queues, workers.</param>
    /// <param name="folder">Folder of this lab, for configuration and socket.</param>
    /// <param name="source">The configuration to start from; deploy/examples/lab.json when null.</param>
    public DataplaneRouter(Topology topology, LabOptions options, string folder, string? source = null)
    {
        _topology = topology;
        _options = options;
        ConfigPath = Path.Combine(folder, "router.json");
        SocketPath = Path.Combine(folder, "control.sock");
        FilePrefix = Path.GetFileName(folder);
        RouterConfig.Write(ConfigPath, source ?? RouterConfig.Example, options, SocketPath, FilePrefix);
    }

    public string ConfigPath { get; }

    public string SocketPath { get; }

    /// <summary>Prefix of the EAL's run-time files, unique per lab.</summary>
    public string FilePrefix { get; }

    /// <inheritdoc/>
    public override string Description => $"dataplane on {_options.Device.Prefix()}, {_options.Queues} queue(s), CPUs {_options.Cores}";

    /// <summary>Everything that it has printed.</summary>
    public string Log => _process?.Log ?? string.Empty;

    /// <summary>It has ended, whatever the reason.</summary>
    public bool HasExited => Running.HasExited;

    /// <summary>Process id.</summary>
    public int ProcessId => Running.Id;

    private BackgroundProcess Running => _process ?? throw new LabException("the router has not been started");

    /// <inheritdoc/>
    public override void Start()
    {
        _process = _topology.Router.Start(RepositoryPaths.DotNet, RunArguments);
        long began = Stopwatch.GetTimestamp();
        while (!File.Exists(SocketPath) || !Show("workers").Succeeded)
        {
            if (_process.WaitForExit(TimeSpan.FromMilliseconds(50)))
            {
                throw new LabException($"the router ended with exit code {_process.ExitCode}:\n{Log}");
            }

            if (Stopwatch.GetElapsedTime(began) > s_startTimeout)
            {
                throw new LabException($"the router was not ready within {s_startTimeout.TotalSeconds} s:\n{Log}");
            }
        }
    }

    /// <summary>Tries to start a second router with the same configuration and waits for its end.</summary>
    public CommandResult StartAgain() => _topology.Router.Run(s_startTimeout, RepositoryPaths.DotNet, RunArguments);

    /// <summary>Runs a verb of the command line that reads from this router's socket.</summary>
    public CommandResult Show(string what) => Verb("show", what, "-o", "json");

    /// <summary>Runs a verb of the command line against this router's socket.</summary>
    public CommandResult Verb(params string[] words) => Command.Run(
        s_showTimeout, RepositoryPaths.DotNet, [RepositoryPaths.RouterAssembly, .. words, "--socket", SocketPath]);

    /// <summary>The rows of <c>show workers</c>.</summary>
    public IReadOnlyList<WorkerRow> Workers() => ShowRows.Workers(Show("workers").OrThrow().Output);

    /// <summary>The row of <c>status</c>.</summary>
    public StatusRow Status() => ShowRows.Status(Verb("status", "-o", "json").OrThrow().Output)[0];

    /// <summary>The row of <c>show table</c>.</summary>
    public TableRow Table() => ShowRows.Table(Show("table").OrThrow().Output)[0];

    /// <summary>The rows of <c>show limits</c>; the whole table's first.</summary>
    public IReadOnlyList<LimitRow> Limits() => ShowRows.Limits(Show("limits").OrThrow().Output);

    /// <summary>The rows of <c>show ports</c>.</summary>
    public IReadOnlyList<PortRow> Ports() => ShowRows.Ports(Show("ports").OrThrow().Output);

    /// <summary>The rows of <c>show drops</c>.</summary>
    public IReadOnlyList<DropRow> Drops() => ShowRows.Drops(Show("drops").OrThrow().Output);

    /// <summary>The rows of <c>show conntrack</c>.</summary>
    public IReadOnlyList<ConnectionRow> Connections() => ShowRows.Connections(Show("conntrack").OrThrow().Output);

    /// <summary>
    /// Reads the counters until they balance (received + made = transmitted + consumed + dropped + held) and the
    /// reasons add up to the drops. Workers publish once a burst, so a reading taken in traffic may be out by a burst.
    /// </summary>
    /// <returns>The last reading; <see cref="PacketBalance.Holds"/> says whether it balanced.</returns>
    public PacketBalance Balance()
    {
        PacketBalance reading = Read();
        for (int attempt = 0; attempt < 5 && !reading.Holds; attempt++)
        {
            Thread.Sleep(200);
            reading = Read();
        }

        return reading;

        PacketBalance Read() => PacketBalance.Of(Workers(), Drops());
    }

    /// <summary>SIGTERM, and waits.</summary>
    /// <returns>Exit code and the time from the signal to the end; killed after 10 s.</returns>
    public (int ExitCode, TimeSpan Elapsed) Stop()
    {
        TimeSpan elapsed = Running.Stop(TimeSpan.FromSeconds(10));
        return (Running.ExitCode, elapsed);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _process?.Dispose();

            // DPDK leaves the run-time folder of a prefix behind, and each lab has a prefix of its own.
            string leftBehind = Path.Combine("/var/run/dpdk", FilePrefix);
            if (Directory.Exists(leftBehind))
            {
                Directory.Delete(leftBehind, recursive: true);
            }
        }
    }

    private string[] RunArguments => [RepositoryPaths.RouterAssembly, "run", "-c", ConfigPath];
}
