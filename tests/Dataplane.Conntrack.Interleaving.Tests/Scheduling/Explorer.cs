using System;
using System.Collections.Generic;

namespace Dataplane.Conntrack.Interleaving.Tests;

/// <summary>Runs a scenario under schedule after schedule and judges each run.</summary>
/// <remarks>
/// <para><b>What is explored.</b> Two workers do three to six operations each on a table of two to sixteen buckets under two locks.
/// Every access to memory that both may touch is a yield point (<see cref="Shared"/>); the table is compiled from its own sources
/// and differs from the router's in the number of locks and of buckets moved at once. One worker runs at a time, so what is explored are sequentially
/// consistent executions, and only those: that a store is seen in its order on a machine which reorders is argued beside the
/// table's code, and no run here speaks for or against it. Loads of a whole bucket's tags count as one access; so do the judgement of a segment, which nobody sees while its
/// connection's lock is held, and the copies of an entry and of a side record.</para>
/// <para><b>Which schedules.</b> First all with at most <see cref="PreemptionsMax"/> preemptions: switches away from a worker that
/// could go on, each before any step; switches at a wait or at an end are free. Few are enough for nearly every known
/// concurrency fault (Musuvathi and Qadeer, "Iterative context bounding for systematic testing of multithreaded programs", 2007):
/// with n steps there are about n^c/c! of them where the whole number grows like 2^n. Then random schedules with more preemptions than
/// that, from a seed, each at most once, until the number asked for is reached. A preemption in favour of a worker that
/// waits for a lock which is still held changes nothing: such runs are neither counted nor extended.</para>
/// <para><b>What is judged.</b> The answers and what is left must be explained by the sequential map in some order that respects real
/// time (<see cref="Linearizability"/>); in particular a connection that lives throughout is found by every lookup. The table's
/// memory must be consistent (<see cref="SmallTable.Inspect"/>). A run in which both wait is a deadlock, one that does not end a
/// failure.</para>
/// <para>A failure names its schedule; <see cref="Run"/> repeats it.</para>
/// </remarks>
internal sealed class Explorer : IDisposable
{
    /// <summary>Preemptions in a schedule of the enumeration.</summary>
    public const int PreemptionsMax = 3;

    private const int RandomPreemptionsMax = 10;

    private readonly Scenario _scenario;
    private readonly Stage _stage;
    private readonly Linearizability _map;
    private readonly Turns.HelperThread _helper;
    private readonly Action<int> _perform;
    private readonly int[] _switches = new int[RandomPreemptionsMax + 1];

    public Explorer(Scenario scenario, TableOperations operations)
    {
        _scenario = scenario;
        _stage = new Stage(scenario, operations);
        _map = new Linearizability(scenario);
        _perform = _stage.Perform;
        _helper = new Turns.HelperThread();
    }

    /// <summary>Different schedules run, none of them fruitless.</summary>
    public long Schedules { get; private set; }

    /// <summary>Of those, the ones of the enumeration.</summary>
    public long Enumerated { get; private set; }

    /// <summary>Histories that differ in what a worker could tell.</summary>
    public int Histories => _map.Histories;

    /// <summary>Steps of the longest run.</summary>
    public int StepsMost { get; private set; }

    /// <summary>What the last run looked like.</summary>
    public History Last => _stage.History;

    /// <summary>What went wrong first; null while nothing has.</summary>
    public Violation? Violation { get; private set; }

    /// <summary>Runs all schedules with few preemptions, or those until the first violation.</summary>
    public void Enumerate()
    {
        for (int first = 0; first < 2 && Violation == null; first++)
        {
            Enumerate(first, 0);
        }

        Enumerated = Schedules;
    }

    /// <summary>Goes on with random schedules.</summary>
    /// <param name="schedulesMin">Different schedules wanted in all.</param>
    /// <param name="seed">Makes the same ones each time.</param>
    public void Sample(long schedulesMin, int seed)
    {
        Random random = new(seed);
        HashSet<ulong> done = [];
        int range = StepsMost;

        // Some draws are no schedules of their own, and a small scenario may not have so many.
        for (long attempt = 0; Schedules < schedulesMin && attempt < 50 * schedulesMin && Violation == null; attempt++)
        {
            int first = random.Next(2);
            int preemptions = random.Next(PreemptionsMax + 1, RandomPreemptionsMax + 1);
            if (Draw(random, preemptions, range) is ulong print && done.Add(print * 2 + (uint)first))
            {
                TryOne(first, preemptions);
            }
        }
    }

    /// <summary>Runs one schedule.</summary>
    /// <returns>What went wrong, or null.</returns>
    /// <exception cref="ArgumentOutOfRangeException">More preemptions than this has room for.</exception>
    public Violation? Run(Schedule schedule)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(schedule.Switches.Length, RandomPreemptionsMax);
        schedule.Switches.CopyTo(_switches, 0);
        Violation = null;
        TryOne(schedule.First, schedule.Switches.Length);
        return Violation;
    }

    public void Dispose()
    {
        _helper.Dispose();
        _stage.Dispose();
    }

    private void Enumerate(int first, int preemptions)
    {
        if (!TryOne(first, preemptions) || preemptions == PreemptionsMax)
        {
            return;
        }

        // Until one of them ended: afterwards there is nobody to switch to.
        int last = Turns.StepsTogether;
        for (int step = preemptions == 0 ? 1 : _switches[preemptions - 1] + 1; step <= last && Violation == null; step++)
        {
            _switches[preemptions] = step;
            Enumerate(first, preemptions + 1);
        }
    }

    /// <summary>Fills in random steps, rising.</summary>
    /// <returns>A number for the schedule, or null when two steps fell together.</returns>
    private ulong? Draw(Random random, int preemptions, int range)
    {
        for (int place = 0; place < preemptions; place++)
        {
            _switches[place] = 1 + random.Next(range);
        }

        Array.Sort(_switches, 0, preemptions);
        ulong print = 0;
        for (int place = 0; place < preemptions; place++)
        {
            if (place > 0 && _switches[place] == _switches[place - 1])
            {
                return null;
            }

            print = (print ^ (uint)_switches[place]) * 0x9E37_79B9_7F4A_7C15;
            print ^= print >> 29;
        }

        return print;
    }

    /// <summary>Runs the schedule that stands in the switches.</summary>
    /// <returns>Whether it was worth counting.</returns>
    private bool TryOne(int first, int preemptions)
    {
        _switches[preemptions] = int.MaxValue;
        _stage.Reset();
        Turns.Run(first, _switches, _perform, _helper);
        if ((Turns.WasFruitless || Turns.Preemptions < preemptions) && Turns.Failure == null)
        {
            // The same run as with fewer switches.
            return false;
        }

        Schedules++;
        StepsMost = Math.Max(StepsMost, Turns.Steps);
        string? wrong = Turns.Failure ?? _stage.Inspect();
        if (wrong == null && !_map.Explains(_stage.History))
        {
            wrong = "no order of the operations explains the answers";
        }

        if (wrong != null)
        {
            Violation = new Violation(new Schedule(first, _switches[..preemptions]), wrong, _stage.History.Describe(_scenario));
        }

        return wrong == null;
    }
}

/// <summary>A run that went wrong.</summary>
/// <param name="Schedule">Repeats it.</param>
/// <param name="Message">What was wrong.</param>
/// <param name="Answers">What the operations returned.</param>
internal sealed record Violation(Schedule Schedule, string Message, string Answers)
{
    public override string ToString() => $"schedule {Schedule}: {Message}\n{Answers}";
}
