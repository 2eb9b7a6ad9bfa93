using System.Threading;

namespace Dataplane.Conntrack.Tests;

/// <remarks>Lookups, and what follows from them.</remarks>
internal sealed unsafe partial class ConcurrencyWorker<TTuple, TFamily>
{
    /// <summary>A packet of a connection, whoever owns it. The two directions go to different workers, and now and then change places.</summary>
    private void Pass(uint number)
    {
        var direction = (Direction)((number ^ (uint)_worker ^ _now >> 3) & 1);
        EntryReference found = Look(number, direction, out LedgerWord line);
        if (found.IsNone)
        {
            return;
        }

        if (_setup.IsMortal(number) && line.Phase == Phase.Live && line.Index == found.Index)
        {
            Refresh(number, line.Version, found.Index);
        }
        else if (_setup.IsEvictable(number) && _random.Next(4) == 0)
        {
            Evict(found.Index);
        }
        else if (_random.Next(256) == 0)
        {
            AttachSide(found.Index, number, SideKind.Probe);
        }
    }

    /// <summary>Looks a connection up and holds the answer against the ledger.</summary>
    private EntryReference Look(uint number, Direction direction, out LedgerWord line)
    {
        TTuple tuple = direction == Direction.Original ? _run.Original(number) : _run.Reply(number);
        line = _ledger[number];
        uint notBefore = _ledger.NotBefore(number, line.Version);
        EntryReference found = _random.Next(4) == 0
            ? _test.FindInBurst(tuple, (uint)_random.Next(1 << 12), _now, _worker)
            : _test.Find(tuple, _now, _worker);
        StateWord word = default;
        if (!found.IsNone)
        {
            AssertWhole(found, tuple, number);
            word = Word(found.Index);
        }

        Volatile.ReadBarrier();
        uint clock = _run.Clock;
        uint notAfter = _ledger.NotAfter(number, line.Version);
        Volatile.ReadBarrier();
        _tally.Lookups++;
        if (line.Phase == Phase.Unsure || _ledger[number] != line)
        {
            return found;
        }

        _tally.Conclusive++;
        if (found.IsNone)
        {
            // Nobody's time is ahead of the clock, so before the bound nobody can have ended it.
            if (line.Phase != Phase.Dead && clock < notBefore)
            {
                throw Breach(BreachKind.Lost, $"{line.Phase} connection {number}, entry {line.Index}, {direction}, {Word(line.Index).Flags}");
            }
        }
        else
        {
            Judge(number, line, found, direction, word, notAfter);
        }

        return found;
    }

    private void Judge(uint number, LedgerWord line, EntryReference found, Direction direction, StateWord word, uint notAfter)
    {
        if (line.Phase == Phase.Dead || _now >= notAfter)
        {
            throw Breach(BreachKind.Dead, $"connection {number} is {line.Phase}, at most until {notAfter}, and was found at entry {found.Index}");
        }

        if (found.Value != new EntryReference(line.Index, direction).Value)
        {
            throw Breach(BreachKind.Astray, $"connection {number} is entry {line.Index}, not {found.Index} {found.Direction}");
        }

        if (line.Phase == Phase.Closed && (word.State != ConnectionState.TcpClose || word.DeadlineSeconds > notAfter))
        {
            throw Breach(
                BreachKind.CloseUndone, $"connection {number} is closed until {notAfter}; its word is {word.State} until {word.DeadlineSeconds}");
        }
    }

    /// <summary>What a lookup ended at is complete and is the connection looked for.</summary>
    private void AssertWhole(EntryReference found, TTuple tuple, uint number)
    {
        byte* entry = _test.Table->EntryAt(found.Index);
        TTuple original = _run.Original(number);
        if (!ConntrackTable<TTuple>.SameTuple(Entry<TTuple>.Tuple(entry, found.Direction), &tuple)
            || !ConntrackTable<TTuple>.SameTuple(Entry<TTuple>.Tuple(entry, Direction.Original), &original))
        {
            throw Breach(BreachKind.Reused, $"entry {found.Index} ceased to be connection {number} right after it was found");
        }

        ulong mark = ConcurrencyRun<TTuple, TFamily>.MarkOf(number);
        SideRecord* label = _test.Table->Side(entry, SideKind.Label);
        if (Volatile.Read(ref Entry<TTuple>.Head(entry)->Rewrite) != mark || (label != null && *(ulong*)label->Data != mark))
        {
            throw Breach(BreachKind.Unbuilt, $"connection {number} was found at entry {found.Index} without its rewrite or label");
        }

        _seen.Add((found.Index, number));
    }

    /// <summary>What was found in this burst is still what it was.</summary>
    private void AssertSeenUnchanged()
    {
        foreach ((uint index, uint number) in _seen)
        {
            TTuple original = _run.Original(number);
            if (!ConntrackTable<TTuple>.SameTuple(Entry<TTuple>.Tuple(_test.Table->EntryAt(index), Direction.Original), &original)
                || Volatile.Read(ref _test.Head(index)->Rewrite) != ConcurrencyRun<TTuple, TFamily>.MarkOf(number))
            {
                throw Breach(BreachKind.Reused, $"entry {index} ceased to be connection {number} within the burst that found it");
            }
        }
    }

    /// <summary>Moves the deadline of a connection found in this burst, unless it closes, ends or becomes another meanwhile.</summary>
    private void Refresh(uint number, uint version, uint index)
    {
        uint deadline = _now + _setup.Timeout;
        if (!_ledger.TryRaiseNotAfter(number, version, deadline))
        {
            return;
        }

        while (true)
        {
            StateWord word = Word(index);
            if (!word.IsLive || word.State != ConnectionState.TcpEstablished || word.IsExpired(_now) || word.DeadlineSeconds >= deadline)
            {
                return;
            }

            Dawdle();
            if (_run.Operations.TryRefresh(_test.Head(index), word, new StateWord(deadline, word.State, word.Policy, word.Flags)))
            {
                _ledger.RaiseNotBefore(number, version, deadline);
                _tally.Refreshed++;
                return;
            }

            _tally.RefreshesLost++;
        }
    }

    /// <summary>Now and then lets others overtake between a look and the change that follows from it.</summary>
    private void Dawdle()
    {
        if (_random.Next(8) == 0)
        {
            Thread.SpinWait(_random.Next(100));
        }
    }

    /// <summary>Makes room at the expense of a connection found in this burst, which its owner may be assuring.</summary>
    private void Evict(uint index)
    {
        StateWord judged = Word(index);
        Dawdle();
        _run.Limit.Closing();
        if (!_test.Table->TryEvict(_slot, index, judged))
        {
            _run.Limit.Stayed();
            _tally.EvictionsLost++;
            return;
        }

        _tally.Evicted++;
        if ((judged.Flags & EntryFlags.Assured) != 0)
        {
            throw Breach(BreachKind.Evicted, $"entry {index} was assured");
        }
    }
}
