using System.Collections.Generic;
using System.Threading;

namespace Dataplane.Conntrack.Tests;

/// <remarks>Connections that nobody owns: both workers insert the same original tuples, each with a reply tuple of its own choice, as
/// two workers do that see the first packets of one connection and translate them.</remarks>
internal sealed unsafe partial class ConcurrencyWorker<TTuple, TFamily>
{
    private const int HeldMax = 48;

    private readonly List<(uint Index, uint Racer, uint Choice)> _held = [];

    private void Race()
    {
        uint racer = (uint)_random.Next((int)_setup.Racing);
        uint choice = (uint)_random.Next((int)ConcurrencySetup.RacingReplies);
        switch (_random.Next(4))
        {
            case 0:
                LookAtRacer(_run.Original(_setup.Owned + racer));
                LookAtRacer(_run.RacingReply(choice));
                break;
            case 1 when _held.Count > 0:
                RemoveHeld(_random.Next(_held.Count));
                break;
            case 2 or 3 when _held.Count < HeldMax:
                InsertRacer(racer, choice);
                break;
        }
    }

    private void LookAtRacer(TTuple tuple)
    {
        EntryReference found = _test.Find(tuple, _now, _worker);
        if (found.IsNone)
        {
            return;
        }

        uint number = Entry<TTuple>.Head(_test.Table->EntryAt(found.Index))->Mark;
        if (number < _setup.Owned || number >= _setup.Owned + _setup.Racing)
        {
            throw Breach(BreachKind.Astray, $"entry {found.Index} was found by a racing connection's tuple and is connection {number}");
        }

        AssertWhole(found, tuple, number);
    }

    private void InsertRacer(uint racer, uint choice)
    {
        uint number = _setup.Owned + racer;
        TTuple reply = _run.RacingReply(choice);
        uint index = Build(number, reply, TestTable<TTuple, TFamily>.Never);
        if (index == 0)
        {
            return;
        }

        switch (_run.Operations.Insert(_test, _slot, index, _now, out EntryReference existing))
        {
            case InsertResult.Inserted:
                // Uncounted before removal, so nobody else's insertion of either tuple can have succeeded meanwhile.
                if (Interlocked.Increment(ref _run.RacingOriginalsOpen[racer]) != 1)
                {
                    throw Breach(BreachKind.Twice, $"racing connection {number} is in the table twice, once at entry {index}");
                }

                if (Interlocked.Increment(ref _run.RacingRepliesOpen[choice]) != 1)
                {
                    throw Breach(BreachKind.Twice, $"two racing connections have reply tuple {choice}, one is entry {index}");
                }

                _tally.Inserted++;
                _held.Add((index, racer, choice));
                return;
            case InsertResult.OriginalExists:
                AssertNames(existing, _run.Original(number), "original");
                _tally.OriginalClashes++;
                break;
            case InsertResult.ReplyExists:
                AssertNames(existing, reply, "reply");
                _tally.ReplyClashes++;
                break;
            case InsertResult result:
                CountRefusal(result);
                break;
        }

        Abandon(index, number);
    }

    private void AssertNames(EntryReference existing, TTuple tuple, string which)
    {
        if (!ConntrackTable<TTuple>.SameTuple(Entry<TTuple>.Tuple(_test.Table->EntryAt(existing.Index), existing.Direction), &tuple))
        {
            throw Breach(BreachKind.WrongWinner, $"entry {existing.Index} is named as having the {which} tuple, and has another");
        }
    }

    private void RemoveHeld(int position)
    {
        (uint index, uint racer, uint choice) = _held[position];
        if (_slot->Retired.Room == 0)
        {
            return;
        }

        _held[position] = _held[^1];
        _held.RemoveAt(_held.Count - 1);
        Interlocked.Decrement(ref _run.RacingOriginalsOpen[racer]);
        Interlocked.Decrement(ref _run.RacingRepliesOpen[choice]);
        Uncount(_setup.Owned + racer);
        if (!_test.Table->TryRemove(_slot, index, Word(index)))
        {
            throw Breach(BreachKind.Lost, $"racing connection {racer} was no more at entry {index} when its inserter removed it");
        }

        _tally.Removed++;
    }
}
