using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;

namespace Dataplane.Conntrack.Tests;

/// <summary>One run: two workers, a thread that dumps and a thread that controls, over one table, until the time is over or a
/// checker finds a breach.</summary>
/// <remarks>
/// Nothing here assumes when a thread runs, or that it runs at all for a while: every conclusion is drawn from what the ledger said
/// before and after. The clock is the run's own, advanced by the control thread, and a worker's time is the clock at its last poll.
/// </remarks>
internal sealed unsafe class ConcurrencyRun<TTuple, TFamily> : IDisposable
    where TTuple : unmanaged
    where TFamily : ITupleFamily<TTuple>
{
    public const int Workers = 2;

    private const uint ReplyNumbers = 1 << 20;
    private const uint RacingReplyNumbers = 1 << 21;

    private readonly TTuple[] _originals;
    private readonly TTuple[] _replies;
    private readonly TTuple[] _racingReplies = new TTuple[ConcurrencySetup.RacingReplies];
    private Exception? _failure;
    private uint _clock = TestTable<TTuple, TFamily>.Now;
    private bool _isOver;

    public ConcurrencyRun(ConcurrencySetup setup, ConcurrencyOperations<TTuple, TFamily>? operations = null)
    {
        Setup = setup;
        Operations = operations ?? new ConcurrencyOperations<TTuple, TFamily>();
        Seed = Random.Shared.Next();
        Test = new TestTable<TTuple, TFamily>(new ConntrackSize(setup.EntriesMax, Workers, false)
        {
            Seed = (ulong)Seed,
            Buckets = setup.BucketCounts.Length > 0 ? setup.BucketCounts[0] : 0,
            SideRecords = setup.EntriesMax / 4,
            Zones = [new ZoneLimit(1, setup.EntriesMax), new ZoneLimit(2, setup.EntriesMax), new ZoneLimit(3, null)],
        });
        Ledger = new ConcurrencyLedger((int)setup.Owned);
        RacingOriginalsOpen = new int[setup.Racing];
        Limit = new ConcurrencyLimit(setup.EntriesMax);
        for (int zone = 0; zone < ConcurrencySetup.Zones; zone++)
        {
            ZoneLimits[zone] = new ConcurrencyLimit(setup.EntriesMax);
        }

        for (uint number = 0; number < setup.Owned; number++)
        {
            Ledger.Release(number, (int)number % Workers);
        }

        _originals = new TTuple[setup.Owned + setup.Racing];
        _replies = new TTuple[setup.Owned];
        LayOutTuples();
    }

    public ConcurrencySetup Setup { get; }

    public ConcurrencyOperations<TTuple, TFamily> Operations { get; }

    /// <summary>Of every random number of the run.</summary>
    public int Seed { get; }

    public TestTable<TTuple, TFamily> Test { get; }

    public ConcurrencyLedger Ledger { get; }

    public ConcurrencyLimit Limit { get; }

    /// <summary>By zone. Only steady connections are counted, and zones from 1 on hold no others.</summary>
    public ConcurrencyLimit[] ZoneLimits { get; } = new ConcurrencyLimit[ConcurrencySetup.Zones];

    /// <summary>Live entries of each racing original, as far as their inserters have said.</summary>
    public int[] RacingOriginalsOpen { get; }

    /// <summary>The same for each reply tuple that they choose from.</summary>
    public int[] RacingRepliesOpen { get; } = new int[ConcurrencySetup.RacingReplies];

    /// <summary>Seconds. No thread's time is ahead of it.</summary>
    public uint Clock => Volatile.Read(ref _clock);

    public bool IsOver => Volatile.Read(ref _isOver);

    /// <summary>What all workers did.</summary>
    public ConcurrencyTally Tally { get; } = new();

    public TTuple Original(uint number) => _originals[number];

    /// <summary>The reply tuple of a connection that has an owner; those of racing connections are chosen anew each time.</summary>
    public TTuple Reply(uint number) => _replies[number];

    public TTuple RacingReply(uint choice) => _racingReplies[choice];

    /// <summary>What a complete entry's rewrite is.</summary>
    public static uint MarkOf(uint number) => (number + 1) * 0x9E37_79B9u;

    /// <summary>Lets the clock go on; by the control thread.</summary>
    public void Tick() => Volatile.Write(ref _clock, _clock + 1);

    public void End() => Volatile.Write(ref _isOver, true);

    /// <summary>Runs to the end, and passes on what a thread failed with.</summary>
    /// <exception cref="InvalidOperationException">A thread failed; the message has the seed, the cause is inside.</exception>
    public void Execute()
    {
        var clock = Stopwatch.StartNew();
        List<Thread> threads = [Start(() => new ConcurrencyControl<TTuple, TFamily>(this).Run(clock))];
        for (int number = 0; number < Workers; number++)
        {
            var worker = new ConcurrencyWorker<TTuple, TFamily>(this, number);
            threads.Add(Start(worker.Run));
        }

        if (Setup.Dumps)
        {
            threads.Add(Start(new ConcurrencyDump<TTuple, TFamily>(this).Run));
        }

        threads.ForEach(thread => thread.Join());
        Tally.Elapsed = clock.Elapsed;
        if (_failure != null)
        {
            throw new InvalidOperationException($"seed {Seed}, after {clock.ElapsedMilliseconds} ms", _failure);
        }
    }

    public void Dispose() => Test.Dispose();

    private void LayOutTuples()
    {
        for (uint number = 0; number < _originals.Length; number++)
        {
            ushort zone = Setup.Zone(number);
            _originals[number] = TestTable<TTuple, TFamily>.InZone(TFamily.Numbered(number), zone);
            if (number < _replies.Length)
            {
                _replies[number] = TestTable<TTuple, TFamily>.InZone(TFamily.Inverted(TFamily.Numbered(ReplyNumbers + number)), zone);
            }
        }

        for (uint choice = 0; choice < _racingReplies.Length; choice++)
        {
            _racingReplies[choice] = TFamily.Inverted(TFamily.Numbered(RacingReplyNumbers + choice));
        }
    }

    private Thread Start(Action body)
    {
        var thread = new Thread(() =>
        {
            try
            {
                body();
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                Interlocked.CompareExchange(ref _failure, exception, null);
                End();
            }
        });
        thread.Start();
        return thread;
    }
}
