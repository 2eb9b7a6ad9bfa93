using System;
using System.Runtime.CompilerServices;
using Dataplane.Datapath;

namespace Dataplane.Bench.Stages;

/// <summary>Books time stamp counter cycles on the stages of a poll, and on the port that drives it.</summary>
/// <remarks>
/// <para>
/// The end of a stage takes everything since the end before; a call of the port takes its own span, which no stage gets. A span of
/// <see cref="StageAccounts.AwayCycles"/> or more is an interruption by others on the machine and goes to <see cref="Away"/>. So every
/// cycle is booked once.
/// </para>
/// <para>
/// The counter is read without a fence: instructions of two stages overlap where they meet, as they do when nobody looks, and up to a
/// few hundred cycles of a burst may be booked on the neighbour. What the reading itself takes is measured by
/// <see cref="Calibrate"/> and taken off in <see cref="Cycles"/>.
/// </para>
/// </remarks>
/// <typeparam name="TCounter">A struct, so that reading it is one instruction and no call.</typeparam>
internal sealed class StageClock<TCounter>
    where TCounter : struct, ICycleCounter
{
    /// <summary>Short loops, of which the fastest one counts: the others were interrupted.</summary>
    private const int Calibrations = 64;
    private const int CalibrationRounds = 2048;

    private readonly TCounter _counter;
    private readonly long[] _booked = new long[StageAccounts.Count];

    /// <summary>How often each account was booked on.</summary>
    private readonly long[] _readings = new long[StageAccounts.Count];

    /// <summary>Calls of the port inside each account's spans.</summary>
    private readonly long[] _interruptions = new long[StageAccounts.Count];
    private long _last;
    private long _interrupted;
    private double _stageCost;
    private double _portCost;
    private double _interruptionCost;

    public StageClock(TCounter counter) => _counter = counter;

    /// <summary>Cycles that the end of a stage costs.</summary>
    public double StageCost => _stageCost;

    /// <summary>Cycles by which a call of the port takes longer for being timed.</summary>
    public double PortCost => _portCost + _interruptionCost;

    /// <summary>Cycles in which the processor was with others.</summary>
    public long Away { get; private set; }

    /// <summary>All cycles that were booked, those of the readings and <see cref="Away"/> included.</summary>
    public long Booked
    {
        get
        {
            long sum = Away;
            foreach (long booked in _booked)
            {
                sum += booked;
            }

            return sum;
        }
    }

    /// <summary>Empties all accounts; the time from here on is booked.</summary>
    public void Start()
    {
        Array.Clear(_booked);
        Array.Clear(_readings);
        Array.Clear(_interruptions);
        _interrupted = 0;
        Away = 0;
        _last = _counter.Now();
    }

    /// <summary>Books everything since the last booking on a stage.</summary>
    public void End(PipelineStage stage)
    {
        long now = _counter.Now();
        if (TryBook((int)stage, now - _last))
        {
            _interruptions[(int)stage] += _interrupted;
        }

        _interrupted = 0;
        _last = now;
    }

    /// <summary>The port begins; the result is for <see cref="LeavePort"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)] // One reading, which a call around it would double.
    public long EnterPort() => _counter.Now();

    /// <summary>The port has ended: its span is its own, and the stage around it does not see it.</summary>
    public void LeavePort(long entered)
    {
        long span = _counter.Now() - entered;
        _ = TryBook(StageAccounts.Port, span);
        _interrupted++;
        _last += span;
    }

    /// <summary>Cycles of an account without those of the readings.</summary>
    /// <param name="account">A <see cref="PipelineStage"/> or <see cref="StageAccounts.Port"/>.</param>
    public double Cycles(int account) => _booked[account] - Readings(account);

    /// <summary>Cycles that reading the counter took of an account, by the last <see cref="Calibrate"/>.</summary>
    public double Readings(int account) =>
        _readings[account] * (account == StageAccounts.Port ? _portCost : _stageCost) + _interruptions[account] * _interruptionCost;

    /// <summary>Measures what readings cost, by loops with nothing else in them, and empties all accounts.</summary>
    public void Calibrate()
    {
        _stageCost = _portCost = _interruptionCost = double.PositiveInfinity;
        for (int calibration = 0; calibration < Calibrations; calibration++)
        {
            Start();
            for (int round = 0; round < CalibrationRounds; round++)
            {
                End(PipelineStage.Poll);
            }

            _stageCost = Math.Min(_stageCost, (double)(_booked[(int)PipelineStage.Poll] + Away) / CalibrationRounds);
            Start();
            for (int round = 0; round < CalibrationRounds; round++)
            {
                LeavePort(EnterPort());
            }

            End(PipelineStage.Poll);
            if ((double)Booked / CalibrationRounds < PortCost)
            {
                _portCost = (double)(_booked[StageAccounts.Port] + Away) / CalibrationRounds;
                _interruptionCost = (double)_booked[(int)PipelineStage.Poll] / CalibrationRounds;
            }
        }

        Start();
    }

    /// <summary>Books a span where it belongs; false when that is <see cref="Away"/>, with whatever readings took of it.</summary>
    private bool TryBook(int account, long span)
    {
        if (span >= StageAccounts.AwayCycles)
        {
            Away += span;
            return false;
        }

        _readings[account]++;
        _booked[account] += span;
        return true;
    }
}
