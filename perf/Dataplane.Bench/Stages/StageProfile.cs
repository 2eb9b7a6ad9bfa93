using System;
using System.Collections.Generic;
using Dataplane.Datapath;
using Dataplane.Dpdk;
using Dataplane.Os;

namespace Dataplane.Bench.Stages;

/// <summary>Where one worker's time goes: each repeat runs the pipeline as it is, then with its stages timed.</summary>
/// <remarks>
/// Both kinds of worker are compiled separately and work on the same router one after the other (established traffic), or on a router
/// each (opening), so that what the readings do to the whole shows beside it.
/// </remarks>
internal sealed unsafe class StageProfile
{
    private readonly StageSettings _settings;
    private readonly List<double>[] _cycles = new List<double>[StageClock.Accounts];
    private readonly List<double> _readings = [];
    private readonly List<double> _stageCosts = [];
    private readonly List<double> _portCosts = [];
    private readonly List<double> _plain = [];
    private readonly List<double> _timed = [];
    private readonly List<double> _booked = [];
    private readonly List<double> _away = [];
    private readonly List<double> _gigahertz = [];

    private StageProfile(StageSettings settings)
    {
        _settings = settings;
        for (int account = 0; account < _cycles.Length; account++)
        {
            _cycles[account] = [];
        }
    }

    /// <summary>Cycles a packet that reading the counter took, which no stage has.</summary>
    public Measurement Readings => new(_readings);

    /// <summary>Cycles that one end of a stage costs.</summary>
    public Measurement StageCost => new(_stageCosts);

    /// <summary>Cycles by which one call of the port takes longer.</summary>
    public Measurement PortCost => new(_portCosts);

    /// <summary>Nanoseconds of the thread's processor time a packet, without marks.</summary>
    public Measurement Plain => new(_plain);

    /// <summary>The same with marks.</summary>
    public Measurement Timed => new(_timed);

    /// <summary>Share of the elapsed cycles that is on an account or was away: below 1 by what lies in front of the first poll and behind
    /// the last.</summary>
    public Measurement Booked => new(_booked);

    /// <summary>Share of the elapsed cycles in which others had the processor: <see cref="StageClock.Away"/>.</summary>
    public Measurement Away => new(_away);

    /// <summary>Frequency of the time stamp counter, against the monotonic clock.</summary>
    public Measurement Gigahertz => new(_gigahertz);

    /// <summary>Packets whose translation was wrong when it was checked, before measuring.</summary>
    public long BadPackets { get; private set; }

    /// <summary>Packets dropped, and connections not opened where every packet opens one.</summary>
    public long Failures { get; private set; }

    /// <summary>Cycles a packet of an account: a <see cref="PipelineStage"/> or <see cref="StageClock.Port"/>.</summary>
    public Measurement Cycles(int account) => new(_cycles[account]);

    /// <summary>Measures on the calling thread, which it pins.</summary>
    /// <exception cref="OsException">No memory, or the processor is not ours.</exception>
    public static StageProfile Run(StageSettings settings)
    {
        CpuAffinity.SetCurrentThread([Environment.ProcessorCount - 1]);
        StageProfile profile = new(settings);
        if (settings.Traffic == StageTraffic.Established)
        {
            profile.RunEstablished();
        }
        else
        {
            profile.RunOpening();
        }

        return profile;
    }

    private void RunEstablished()
    {
        using NatBed bed = new(_settings.Flows, 1, hugepages: true, accounting: true, _settings.IsTcp);

        // One repeat compiles and warms, and does not count.
        for (int repeat = -1; repeat < _settings.Repeats; repeat++)
        {
            StagePass plain = RunPlain(bed);
            RunTimed(bed, plain, isCounted: repeat >= 0);
        }

        BadPackets = bed.BadPackets;
        Failures = (long)bed.Router.Totals().Dropped;
    }

    private void RunOpening()
    {
        for (int repeat = -1; repeat < _settings.Repeats; repeat++)
        {
            StagePass plain;
            using (NatBed bed = EmptyBed())
            {
                plain = RunPlain(bed);
                Failures += _settings.Flows - (long)bed.Router.Totals().Opened;
            }

            using (NatBed bed = EmptyBed())
            {
                RunTimed(bed, plain, isCounted: repeat >= 0);
                Failures += _settings.Flows - (long)bed.Router.Totals().Opened;
            }
        }
    }

    /// <summary>Connections are opened until there are no more.</summary>
    private double Seconds => _settings.Traffic == StageTraffic.Opening ? double.PositiveInfinity : _settings.Seconds;

    private NatBed EmptyBed() => new(_settings.Flows, 1, hugepages: true, accounting: true, _settings.IsTcp, isEmpty: true);

    private StagePass RunPlain(NatBed bed)
    {
        bed.Workers[0].GoOnline();
        StagePass pass = StagePass.Run(bed.Workers[0], bed.Ports[0], Seconds);
        bed.Router.Conntrack.Table->Quiescence->GoOffline(0);
        return pass;
    }

    private void RunTimed(NatBed bed, StagePass plain, bool isCounted)
    {
        StageClock clock = new();
        Worker<TimedEnvironment<GeneratorEnvironment>> worker =
            new(bed.Router, 0, new TimedEnvironment<GeneratorEnvironment>(new GeneratorEnvironment(bed.Ports[0]), clock));
        clock.Calibrate();
        worker.GoOnline();
        clock.Start();
        long start = (long)Burst.Tsc();
        StagePass pass = StagePass.Run(worker, bed.Ports[0], Seconds);
        long elapsed = (long)Burst.Tsc() - start;
        bed.Router.Conntrack.Table->Quiescence->GoOffline(0);
        if (isCounted)
        {
            Keep(clock, plain, pass, elapsed);
        }
    }

    private void Keep(StageClock clock, StagePass plain, StagePass timed, long elapsedCycles)
    {
        double readings = 0;
        for (int account = 0; account < StageClock.Accounts; account++)
        {
            _cycles[account].Add(clock.Cycles(account) / timed.Packets);
            readings += clock.Readings(account);
        }

        _readings.Add(readings / timed.Packets);
        _stageCosts.Add(clock.StageCost);
        _portCosts.Add(clock.PortCost);
        _plain.Add(plain.NanosecondsPerPacket);
        _timed.Add(timed.NanosecondsPerPacket);
        _booked.Add((double)clock.Booked / elapsedCycles);
        _away.Add((double)clock.Away / elapsedCycles);
        _gigahertz.Add(elapsedCycles / timed.ClockNanoseconds);
    }
}
