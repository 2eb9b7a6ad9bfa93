using System;
using System.Collections.Generic;
using System.Diagnostics;

namespace Dataplane.Bench.Compare;

/// <summary>What both generator ports have counted at one moment.</summary>
/// <param name="Timestamp">Of <see cref="Stopwatch"/>, between the two ports' answers.</param>
/// <param name="Inside">Extended statistics of the hosts' port by name.</param>
/// <param name="Outside">Those of the servers' port.</param>
/// <param name="Threads">Processor time of the program under test.</param>
internal sealed record GeneratorSnapshot(
    long Timestamp, IReadOnlyDictionary<string, long> Inside, IReadOnlyDictionary<string, long> Outside, ThreadTimes Threads)
{
    /// <summary>Statistics of the port that floods; null where there is none.</summary>
    public IReadOnlyDictionary<string, long>? Flood { get; init; }

    /// <summary>Packets that came back to a generator, at either port.</summary>
    public long Returned => Inside["returned_packets"] + Outside["returned_packets"];

    /// <summary>Packets that the program under test took.</summary>
    public long Sent => Inside["sent_packets"] + Outside["sent_packets"];

    /// <summary>
    /// Packets of either port that did not come back at the other. While packets move, those under way are among them.
    /// </summary>
    public long Lost => Inside["lost_packets"] + Outside["lost_packets"];

    /// <summary>True once every flow has been opened and flows are chosen at random.</summary>
    public bool IsOpen => Inside["opening_queues"] == 0 && Inside["sent_packets"] > 0;

    /// <summary>Packets that came back other than they should; counted only with verify=1.</summary>
    public long Wrong
    {
        get
        {
            long wrong = 0;
            foreach (string counter in (ReadOnlySpan<string>)["bad_ip_checksum", "bad_l4_checksum", "bad_header", "bad_payload"])
            {
                wrong += Inside[counter] + Outside[counter];
            }

            return wrong;
        }
    }

    /// <summary>Seconds from an earlier moment to this.</summary>
    public double SecondsSince(GeneratorSnapshot before) => Stopwatch.GetElapsedTime(before.Timestamp, Timestamp).TotalSeconds;
}

/// <summary>Reads the counters of the generator's two ports from whichever DPDK process has them.</summary>
/// <param name="telemetry">Of the process.</param>
/// <param name="kernelThread">Counted with its busiest thread: <see cref="ThreadTimes.KernelThreadOf"/>.</param>
/// <param name="interruptedCpu">The processor whose interrupts are the peer's work: where the kernel is the peer.</param>
internal sealed class GeneratorReader(TelemetrySocket telemetry, int kernelThread, int? interruptedCpu = null)
{
    private int _inside = -1;
    private int _outside = -1;
    private int _flood = -1;

    /// <summary>True once both ports exist; notes the one that floods, if it does.</summary>
    public bool FindPorts()
    {
        foreach (int port in telemetry.Ports())
        {
            string? name = telemetry.NameOf(port);
            _inside = name == Traffic.InsideDevice ? port : _inside;
            _outside = name == Traffic.OutsideDevice ? port : _outside;
            _flood = name == Traffic.FloodDevice ? port : _flood;
        }

        return _inside >= 0 && _outside >= 0;
    }

    /// <summary>The counters now. <see cref="FindPorts"/> must have found the ports.</summary>
    /// <exception cref="PeerException">The process is gone, or its ports are not the generator's.</exception>
    public GeneratorSnapshot Read()
    {
        ThreadTimes threads = ThreadTimes.Read(telemetry.ProcessId, kernelThread, interruptedCpu);
        IReadOnlyDictionary<string, long> inside = telemetry.Statistics(_inside);
        long timestamp = Stopwatch.GetTimestamp();
        IReadOnlyDictionary<string, long> outside = telemetry.Statistics(_outside);
        return inside.ContainsKey("returned_packets") && outside.ContainsKey("returned_packets")
            ? new GeneratorSnapshot(timestamp, inside, outside, threads) { Flood = _flood >= 0 ? telemetry.Statistics(_flood) : null }
            : throw new PeerException("the ports do not count as the generator does");
    }
}
