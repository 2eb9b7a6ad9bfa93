using System;
using System.Diagnostics;
using System.Threading;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>The control thread of a run: advances the clock, resizes the table up and down, moves limits, reads the figures.</summary>
internal sealed unsafe class ConcurrencyControl<TTuple, TFamily>
    where TTuple : unmanaged
    where TFamily : ITupleFamily<TTuple>
{
    private const int TickMilliseconds = 5;
    private const uint TicksPerLimit = 12;

    private readonly ConcurrencyRun<TTuple, TFamily> _run;
    private readonly ConcurrencyMovingLimit[] _limits;
    private readonly ConcurrencyRandom _random;
    private readonly ConcurrencyTally _tally = new();
    private TableCounters _counters;

    public ConcurrencyControl(ConcurrencyRun<TTuple, TFamily> run)
    {
        _run = run;
        _random = new ConcurrencyRandom(run.Seed, ConcurrencyRun<TTuple, TFamily>.Workers);
        long most = run.Setup.EntriesMax;
        long perZone = run.Setup.Steady / ConcurrencySetup.Zones;
        ConntrackMemory<TTuple> memory = run.Test.Memory;
        LimitTable* limits = memory.Pool->Limits;
        _limits = !run.Setup.ChangesLimits
            ? []
            :
            [
                new(run.Limit, &limits->Global, memory.TrySetEntriesMax, most * 3 / 4, most),
                new(run.ZoneLimits[1], limits->Zones + 1, max => memory.TrySetZoneMax(1, max), perZone / 3, perZone / 2),
                new(run.ZoneLimits[2], limits->Zones + 2, max => memory.TrySetZoneMax(2, max), perZone / 4, perZone * 2 / 3),
            ];
    }

    /// <summary>Works until the run's time is over.</summary>
    public void Run(Stopwatch clock)
    {
        long ticked = 0;
        try
        {
            while (!_run.IsOver && clock.Elapsed < _run.Setup.Duration)
            {
                // One tick at most each time: when this thread gets no processor, the run's time stands still.
                if (clock.ElapsedMilliseconds - ticked >= TickMilliseconds)
                {
                    ticked = clock.ElapsedMilliseconds;
                    _run.Tick();
                    MoveLimits();
                    AssertFiguresOnlyGrow();
                }

                Resize();
                Thread.Sleep(1);
            }
        }
        finally
        {
            _run.End();
            _tally.Resizes = (long)_run.Test.Memory.Resizes;
            _run.Tally.Add(_tally);
        }
    }

    private void Resize()
    {
        uint[] counts = _run.Setup.BucketCounts;
        ConntrackMemory<TTuple> memory = _run.Test.Memory;
        if (counts.Length == 0 || !memory.FinishResize())
        {
            return;
        }

        uint count = counts[_random.Next(counts.Length)];
        if (count == memory.BucketCount)
        {
            return;
        }

        // Of the resize that has ended, until the next begins.
        uint passes = ((ResizeState*)_run.Test.Private("_resize"))->Passes;
        _tally.PassesRepeated += passes > 1 ? passes - 1 : 0;

        // The small ones are below what an operator is allowed: there buckets overflow, and a resize can find no room.
        ResizeStart start = count < memory.BucketsLeastNow() ? memory.Begin(count) : memory.TryResize(count);

        // The number of connections is a sum over counters that go on meanwhile: now and then it comes out too large.
        Assert.True(start is ResizeStart.Begun or ResizeStart.TooFew, $"{count} buckets: {start}");
    }

    private void MoveLimits()
    {
        foreach (ConcurrencyMovingLimit limit in _limits)
        {
            limit.Settle();
            if (_run.Clock % TicksPerLimit == 0 && _random.Next(2) == 0)
            {
                _tally.LimitChanges += limit.Move() ? 1 : 0;
            }
        }
    }

    /// <summary>What an operator reads while workers run goes up only.</summary>
    private void AssertFiguresOnlyGrow()
    {
        TableCounters now = _run.Test.Memory.Counters();
        fixed (TableCounters* last = &_counters)
        {
            for (int figure = 0; figure < sizeof(TableCounters) / sizeof(ulong); figure++)
            {
                Assert.True(((ulong*)&now)[figure] >= ((ulong*)last)[figure], $"figure {figure} went back");
            }
        }

        _counters = now;
    }
}

/// <summary>A limit that goes up and down between two values, and the checker that it binds.</summary>
internal sealed unsafe class ConcurrencyMovingLimit(ConcurrencyLimit checker, CreditPool* pool, Predicate<long> set, long low, long high)
{
    private bool _isLow;
    private bool _isInDebt;

    /// <summary>Tells the checker of a lower limit once what is open is within it.</summary>
    public void Settle()
    {
        if (_isInDebt && pool->Left >= 0)
        {
            _isInDebt = false;
            checker.Bind(low);
        }
    }

    /// <summary>Lowers or raises.</summary>
    /// <returns>False while more is open than the lower limit allows: it was not proved yet.</returns>
    public bool Move()
    {
        if (_isInDebt)
        {
            return false;
        }

        if (_isLow)
        {
            checker.Bind(high);
        }

        Assert.True(set(_isLow ? high : low));
        _isInDebt = !_isLow;
        _isLow = !_isLow;
        return true;
    }
}
