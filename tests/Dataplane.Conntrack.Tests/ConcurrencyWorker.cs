using System;
using System.Collections.Generic;
using System.Threading;

namespace Dataplane.Conntrack.Tests;

/// <summary>A worker of a run: polls as the datapath does, and checks all that it sees against the ledger.</summary>
internal sealed unsafe partial class ConcurrencyWorker<TTuple, TFamily>
    where TTuple : unmanaged
    where TFamily : ITupleFamily<TTuple>
{
    private const int BurstSize = 32;

    /// <summary>Entries that one step of the sweep removes at most.</summary>
    private const int SweepMost = 1024;

    private const uint PollsPerPause = 250;
    private const uint PollsPerNap = 1000;
    private const int BusyShare = 4;
    private const int BusyConnections = 16;
    private const uint BusyStride = 4999;

    private readonly ConcurrencyRun<TTuple, TFamily> _run;
    private readonly ConcurrencySetup _setup;
    private readonly ConcurrencyLedger _ledger;
    private readonly TestTable<TTuple, TFamily> _test;
    private readonly WorkerSlot* _slot;
    private readonly int _worker;
    private readonly ConcurrencyRandom _random;
    private readonly ConcurrencyTally _tally = new();
    private readonly List<(uint Index, uint Number)> _seen = [];
    private uint _now;
    private uint _swept;

    public ConcurrencyWorker(ConcurrencyRun<TTuple, TFamily> run, int worker)
    {
        _run = run;
        _setup = run.Setup;
        _ledger = run.Ledger;
        _test = run.Test;
        _slot = run.Test.Memory.Slot(worker);
        _worker = worker;
        _random = new ConcurrencyRandom(run.Seed, worker);
    }

    /// <summary>Polls until the run is over.</summary>
    public void Run()
    {
        _test.Table->Quiescence->GoOnline(_worker);
        try
        {
            for (uint poll = 1; !_run.IsOver; poll++)
            {
                Poll(poll);
            }
        }
        finally
        {
            _test.Table->Quiescence->GoOffline(_worker);
            _run.Tally.Add(_tally);
        }
    }

    private void Poll(uint poll)
    {
        _now = _run.Clock;
        _seen.Clear();
        for (int operation = 0; operation < BurstSize; operation++)
        {
            if (_random.Next(100) < _setup.RacingShare)
            {
                Race();
                continue;
            }

            uint number = Choose();
            if (_random.Next(2) == 0 && _ledger.TryOwn(number, _worker, out bool isMove))
            {
                _tally.Moved += isMove ? 1 : 0;
                Own(number);
            }
            else
            {
                Pass(number);
            }
        }

        if (poll % PollsPerPause == 0)
        {
            // Off its processor in the middle of a burst: nothing that it found may be reused, however long that takes.
            Thread.Sleep(1);
        }

        AssertSeenUnchanged();
        _test.Table->Quiescence->Quiescent(_worker);
        _run.Operations.Reclaim(_test, _slot);
        Sweep();
        _run.Operations.MoveStep(_test);
        if (poll % 4 == 0)
        {
            _test.Memory.Pool->HandIn(_slot);
        }

        if (poll % PollsPerNap == 0)
        {
            Nap();
        }
    }

    /// <summary>A connection: any of all, or one of the few that are busy just now at both workers.</summary>
    private uint Choose()
    {
        uint numbers = (uint)_ledger.Numbers;
        return _random.Next(BusyShare) == 0
            ? (_now * BusyStride + (uint)_random.Next(BusyConnections)) % numbers
            : (uint)_random.Next((int)numbers);
    }

    private void Sweep()
    {
        if (_now == _swept)
        {
            return;
        }

        _swept = _now;
        _run.Limit.Closing(SweepMost);
        int removed = _test.Table->Sweep(_slot, _now * 1_000_000_000L);
        _run.Limit.Stayed(SweepMost - removed);
        _tally.Swept += removed;
    }

    /// <summary>Sleeps as a worker without packets does: nobody waits for it meanwhile.</summary>
    private void Nap()
    {
        _test.Table->Quiescence->GoOffline(_worker);
        Thread.Sleep(_random.Next(2));
        _test.Table->Quiescence->GoOnline(_worker);
        _tally.Naps++;
    }

    /// <summary>Takes and builds an entry; 0 when a limit refuses it.</summary>
    private uint Build(uint number, TTuple reply, uint deadline)
    {
        ConcurrencyLimit zoneLimit = _run.ZoneLimits[_setup.Zone(number)];
        uint changes = _run.Limit.Changes;
        uint zoneChanges = zoneLimit.Changes;
        uint index = _test.Build(_run.Original(number), reply, deadline, _worker);
        if (index == 0)
        {
            _tally.Refused++;
            return 0;
        }

        _run.Limit.Opened(changes);
        if (_setup.IsSteady(number))
        {
            zoneLimit.Opened(zoneChanges);
        }

        _test.Head(index)->Rewrite = ConcurrencyRun<TTuple, TFamily>.MarkOf(number);
        Entry<TTuple>.Head(_test.Table->EntryAt(index))->Mark = number;
        if (_random.Next(8) == 0)
        {
            AttachSide(index, number, SideKind.Label);
        }

        return index;
    }

    private void Abandon(uint index, uint number)
    {
        Uncount(number);
        _test.Table->Abandon(_slot, index);
    }

    /// <summary>What comes next may give the connection's room back.</summary>
    private void Uncount(uint number)
    {
        _run.Limit.Closing();
        if (_setup.IsSteady(number))
        {
            _run.ZoneLimits[_setup.Zone(number)].Closing();
        }
    }

    /// <summary>No room in the probe sequence, or a predecessor that another worker is just removing.</summary>
    private void CountRefusal(InsertResult result)
    {
        _tally.ChainsTooLong += result == InsertResult.ChainTooLong ? 1 : 0;
        _tally.Busy += result == InsertResult.Busy ? 1 : 0;
    }

    private void AttachSide(uint index, uint number, SideKind kind)
    {
        if (_test.Table->TryTakeSide(_slot, kind, out uint side))
        {
            *(ulong*)_test.Table->SideAt(side)->Data = ConcurrencyRun<TTuple, TFamily>.MarkOf(number);
            if (_test.Table->TryAttachSide(index, side))
            {
                _tally.Sides++;
            }
            else
            {
                _test.Table->ReturnSide(_slot, side);
            }
        }
    }

    private StateWord Word(uint index) => new(Shared.Acquire(ref _test.Head(index)->State));

    private BreachException Breach(BreachKind kind, string what) =>
        new(kind, $"worker {_worker} at {_now}, {_test.Memory.BucketCount} buckets: {what}");
}
