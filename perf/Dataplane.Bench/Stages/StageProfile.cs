using System;
using System.Collections.Generic;
using Dataplane.Datapath;
using Dataplane.Os;
using Dataplane.Packet;

namespace Dataplane.Bench.Stages;

/// <summary>Where one worker's time goes: each repeat runs the pipeline as it is, then with its stages timed.</summary>
/// <remarks>
/// Both kinds of worker are compiled separately and work on the same router one after the other (established traffic, flood), or on a
/// router each (opening), so that what the readings do to the whole shows beside it.
/// </remarks>
internal sealed unsafe class StageProfile
{
    private readonly StageSettings _settings;
    private readonly List<double>[] _cycles = new List<double>[StageAccounts.Count];
    private readonly List<double> _readings = [];
    private readonly List<double> _stageCosts = [];
    private readonly List<double> _portCosts = [];
    private readonly List<double> _plain = [];
    private readonly List<double> _timed = [];
    private readonly List<double> _booked = [];
    private readonly List<double> _away = [];

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

    /// <summary>Share of the elapsed cycles in which others had the processor: <see cref="StageClock{TCounter}.Away"/>.</summary>
    public Measurement Away => new(_away);

    /// <summary>Packets whose translation was wrong when it was checked, before measuring.</summary>
    public long BadPackets { get; private set; }

    /// <summary>Packets dropped, and connections not opened where every packet opens one; of a flood, packets that were not refused for
    /// want of room.</summary>
    public long Failures { get; private set; }

    /// <summary>Cycles a packet of an account: a <see cref="PipelineStage"/> or <see cref="StageAccounts.Port"/>.</summary>
    public Measurement Cycles(int account) => new(_cycles[account]);

    /// <summary>Measures on the calling thread, which it pins.</summary>
    /// <exception cref="OsException">No memory, or the processor is not ours.</exception>
    public static StageProfile Run(StageSettings settings)
    {
        CpuAffinity.SetCurrentThread([Environment.ProcessorCount - 1]);
        StageProfile profile = new(settings);
        if (settings.Traffic == StageTraffic.Opening)
        {
            profile.RunOpening();
        }
        else
        {
            profile.RunEndless();
        }

        return profile;
    }

    /// <summary>Traffic that changes nothing in the table.</summary>
    private void RunEndless()
    {
        bool isFlood = _settings.Traffic == StageTraffic.Flood;
        using NatBed bed = Bed(isFlood ? NatBedTraffic.Flood : NatBedTraffic.Established);
        long refusedBefore = Refused(bed);
        long packets = 0;

        // One repeat compiles and warms, and does not count.
        for (int repeat = -1; repeat < _settings.Repeats; repeat++)
        {
            StagePass plain = RunPlain(bed);
            packets += plain.Packets + RunTimed(bed, plain, isCounted: repeat >= 0);
        }

        BadPackets = bed.BadPackets;
        Failures = isFlood ? packets - (Refused(bed) - refusedBefore) : (long)bed.Router.Totals().Dropped;
    }

    private static long Refused(NatBed bed)
    {
        WorkerCounters totals = bed.Router.Totals();
        return (long)totals.Drops[(int)DropReason.TableFull];
    }

    private void RunOpening()
    {
        for (int repeat = -1; repeat < _settings.Repeats; repeat++)
        {
            StagePass plain;
            using (NatBed bed = Bed(NatBedTraffic.Opening))
            {
                plain = RunPlain(bed);
                Failures += _settings.Flows - (long)bed.Router.Totals().Opened;
            }

            using (NatBed bed = Bed(NatBedTraffic.Opening))
            {
                RunTimed(bed, plain, isCounted: repeat >= 0);
                Failures += _settings.Flows - (long)bed.Router.Totals().Opened;
            }
        }
    }

    /// <summary>Connections are opened until there are no more.</summary>
    private double Seconds => _settings.Traffic == StageTraffic.Opening ? double.PositiveInfinity : _settings.Seconds;

    private NatBed Bed(NatBedTraffic traffic) =>
        new(_settings.Flows, 1, hugepages: true, accounting: true, _settings.IsTcp, traffic);

    private StagePass RunPlain(NatBed bed)
    {
        bed.Workers[0].GoOnline();
        StagePass pass = StagePass.Run(bed.Workers[0], bed.Ports[0], Seconds);
        bed.Router.Conntrack.Table->Quiescence->GoOffline(0);
        return pass;
    }

    /// <summary>Gives the packets that it took, counted or not.</summary>
    private long RunTimed(NatBed bed, StagePass plain, bool isCounted)
    {
        StageClock<ProcessorCounter> clock = new(default);
        Worker<TimedEnvironment<GeneratorEnvironment>> worker =
            new(bed.Router, 0, new TimedEnvironment<GeneratorEnvironment>(new GeneratorEnvironment(bed.Ports[0]), clock));
        clock.Calibrate();
        worker.GoOnline();
        clock.Start();
        long start = TimeStampCounter.Now();
        StagePass pass = StagePass.Run(worker, bed.Ports[0], Seconds);
        long elapsed = TimeStampCounter.Now() - start;
        bed.Router.Conntrack.Table->Quiescence->GoOffline(0);
        if (isCounted)
        {
            Keep(clock, plain, pass, elapsed);
        }

        return pass.Packets;
    }

    private void Keep(StageClock<ProcessorCounter> clock, StagePass plain, StagePass timed, long elapsedCycles)
    {
        double readings = 0;
        for (int account = 0; account < StageAccounts.Count; account++)
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
    }
}
