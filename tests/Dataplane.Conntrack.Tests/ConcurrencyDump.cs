using System;
using System.Threading;

namespace Dataplane.Conntrack.Tests;

/// <summary>The dumping thread of a run: walks the whole table again and again, and holds each walk against the ledger.</summary>
internal sealed unsafe class ConcurrencyDump<TTuple, TFamily>(ConcurrencyRun<TTuple, TFamily> run)
    where TTuple : unmanaged
    where TFamily : ITupleFamily<TTuple>
{
    private const uint ScanMost = 500;

    private readonly LedgerWord[] _lines = new LedgerWord[run.Ledger.Numbers];
    private readonly uint[] _notBefore = new uint[run.Ledger.Numbers];
    private readonly int[] _shown = new int[run.Ledger.Numbers];
    private readonly bool[] _isSeen = new bool[run.Test.Memory.EntryCount];
    private readonly ConcurrencyRandom _random = new(run.Seed, ConcurrencyRun<TTuple, TFamily>.Workers + 1);

    /// <summary>Dumps until the run is over. Takes no slot and is never quiescent, as the control thread's listings are.</summary>
    public void Run()
    {
        var tally = new ConcurrencyTally();
        for (; !run.IsOver; tally.Dumps++)
        {
            ReadLedger();
            Walk();
            Volatile.ReadBarrier();
            Compare(run.Clock);
            Thread.Sleep(1);
        }

        run.Tally.Add(tally);
    }

    private void ReadLedger()
    {
        for (uint number = 0; number < _lines.Length; number++)
        {
            _lines[number] = run.Ledger[number];
            _notBefore[number] = run.Ledger.NotBefore(number, _lines[number].Version);
        }

        Array.Clear(_shown);
        Array.Clear(_isSeen);
        Volatile.ReadBarrier();
    }

    private void Walk()
    {
        byte* copy = stackalloc byte[Entry<TTuple>.SizeBytes];
        uint now = run.Clock;
        for (uint cursor = 0; cursor < run.Test.Memory.EntryCount;)
        {
            uint index = run.Test.Table->CopyNext(ref cursor, now, 1 + (uint)_random.Next((int)ScanMost), copy);
            if (index == 0)
            {
                continue;
            }

            if (_isSeen[index])
            {
                throw new BreachException(BreachKind.Dump, $"entry {index} was shown twice");
            }

            _isSeen[index] = true;
            uint number = AssertWhole(copy, index);
            if (number < _shown.Length)
            {
                _shown[number]++;
            }
        }
    }

    private uint AssertWhole(byte* copy, uint index)
    {
        uint number = Entry<TTuple>.Head(copy)->Mark;
        if (number >= run.Setup.Owned + run.Setup.Racing)
        {
            throw new BreachException(BreachKind.Dump, $"entry {index} was shown as connection {number}, which there is not");
        }

        TTuple original = run.Original(number);
        if (!ConntrackTable<TTuple>.SameTuple(Entry<TTuple>.Tuple(copy, Direction.Original), &original)
            || Entry<TTuple>.Head(copy)->Rewrite != ConcurrencyRun<TTuple, TFamily>.MarkOf(number))
        {
            throw new BreachException(BreachKind.Dump, $"entry {index} was shown with parts of connection {number} and of another");
        }

        return number;
    }

    /// <summary>Of connections with which nothing happened during the walk, the live were shown once and the others not at all.</summary>
    private void Compare(uint clock)
    {
        for (uint number = 0; number < _lines.Length; number++)
        {
            LedgerWord line = _lines[number];
            if (line.Phase == Phase.Unsure || run.Ledger[number] != line)
            {
                continue;
            }

            int least = line.Phase != Phase.Dead && clock < _notBefore[number] ? 1 : 0;
            int most = line.Phase != Phase.Dead ? 1 : 0;
            if (_shown[number] < least || _shown[number] > most)
            {
                throw new BreachException(BreachKind.Dump, $"{line.Phase} connection {number} was shown {_shown[number]} times in one walk");
            }
        }
    }
}
