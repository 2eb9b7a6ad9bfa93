namespace Dataplane.Conntrack.Tests;

/// <remarks>What only the owner of a connection does. It settles the ledger before it lets go.</remarks>
internal sealed unsafe partial class ConcurrencyWorker<TTuple, TFamily>
{
    private void Own(uint number)
    {
        Look(number, Direction.Original, out _);
        Look(number, Direction.Reply, out LedgerWord line);
        int choice = _random.Next(16);
        if (choice == 0)
        {
            _ledger.Release(number, _worker);
        }
        else if (_setup.IsMortal(number))
        {
            OwnMortal(number, line, choice);
        }
        else if (line.Phase == Phase.Live && choice < 5)
        {
            RemoveOwn(number, line.Index);
        }
        else if (line.Phase == Phase.Unsure && choice < 5)
        {
            Assure(number);
        }
        else if (line.Phase is Phase.Dead or Phase.Unsure)
        {
            InsertOwn(number, TestTable<TTuple, TFamily>.Never);
        }
    }

    private void OwnMortal(uint number, LedgerWord line, int choice)
    {
        bool isOver = _now >= _ledger.NotAfter(number, line.Version);
        if (line.Phase is Phase.Dead or Phase.Unsure || isOver)
        {
            InsertOwn(number, _now + _setup.Timeout / 2 + (uint)_random.Next((int)_setup.Timeout / 2 + 1));
        }
        else if (line.Phase == Phase.Closed)
        {
            if (choice < 8)
            {
                // Half the time, so that the next packet has something to refresh.
                Change(number, ConnectionState.TcpClose, ConnectionState.TcpEstablished, _now + _setup.Timeout / 2);
            }
        }
        else if (choice < 5)
        {
            uint timeout = _setup.EndsMortals ? 1 + (uint)_random.Next(3) : _setup.Timeout;
            Change(number, ConnectionState.TcpEstablished, ConnectionState.TcpClose, _now + timeout);
        }
        else if (choice < 7 && _setup.EndsMortals)
        {
            RemoveMortal(number);
        }
        else if (choice == 7)
        {
            InsertOwn(number, _now + _setup.Timeout);
        }
    }

    /// <summary>Opens a connection, over the remains of the last of this number if need be.</summary>
    private void InsertOwn(uint number, uint deadline)
    {
        LedgerWord last = _ledger[number];

        // Of a live one a worker whose time is behind may still move the deadline; of a closed one nobody.
        bool isGone = last.Phase == Phase.Dead || (last.Phase == Phase.Closed && _now >= _ledger.NotAfter(number, last.Version));
        uint index = Build(number, _run.Reply(number), deadline);
        if (index == 0)
        {
            return;
        }

        _ledger.Open(number, deadline);
        switch (InsertOver(index, out EntryReference existing))
        {
            case InsertResult.Inserted:
                _tally.Inserted++;
                _ledger.Settle(number, _setup.IsEvictable(number) ? Phase.Unsure : Phase.Live, index);
                return;
            case InsertResult.OriginalExists when isGone:
                throw Breach(BreachKind.Dead, $"connection {number} is gone, and entry {existing.Index} stood in its way");
            case InsertResult.OriginalExists:
                // The last one lives, for all that anybody knows: its deadline is whatever was written last.
                _ledger.Open(number, 0, uint.MaxValue);
                _ledger.Settle(number, _setup.IsMortal(number) ? Phase.Live : Phase.Unsure, existing.Index);
                break;
            case InsertResult.ReplyExists:
                throw Breach(BreachKind.Twice, $"entry {existing.Index} has the reply tuple of connection {number}");
            case InsertResult result:
                CountRefusal(result);
                _ledger.Settle(number, last.Phase == Phase.Dead ? Phase.Dead : Phase.Unsure);
                break;
        }

        Abandon(index, number);
    }

    /// <summary>Inserts, and keeps the limit's count right if that removes an expired entry.</summary>
    private InsertResult InsertOver(uint index, out EntryReference existing)
    {
        ulong expired = _slot->Counters.Expired;
        _run.Limit.Closing();
        InsertResult result = _run.Operations.Insert(_test, _slot, index, _now, out existing);
        int cleared = (int)(_slot->Counters.Expired - expired);
        _run.Limit.Stayed(1 - cleared);
        _tally.OverCorpse += cleared;
        return result;
    }

    /// <summary>Removes a connection that nobody else can have ended.</summary>
    private void RemoveOwn(uint number, uint index)
    {
        // Without room to wait for a grace period (another thread is off its processor) nothing can be removed.
        if (_slot->Retired.Room == 0)
        {
            return;
        }

        _ledger.Open(number, TestTable<TTuple, TFamily>.Never);
        Uncount(number);
        if (!_test.Table->TryRemove(_slot, index, Word(index)))
        {
            throw Breach(BreachKind.Lost, $"connection {number} was no more at entry {index} when its owner removed it");
        }

        _tally.Removed++;
        _ledger.Settle(number, Phase.Dead);
    }

    /// <summary>Removes a connection that others refresh and sweep.</summary>
    private void RemoveMortal(uint number)
    {
        _ledger.Open(number, 0, uint.MaxValue);
        EntryReference found = _test.Find(_run.Original(number), _now, _worker);
        while (!found.IsNone && _slot->Retired.Room > 0)
        {
            StateWord judged = Word(found.Index);
            if (!judged.IsLive)
            {
                _ledger.Settle(number, Phase.Dead);
                return;
            }

            _run.Limit.Closing();
            if (_test.Table->TryRemove(_slot, found.Index, judged))
            {
                _tally.Removed++;
                _ledger.Settle(number, Phase.Dead);
                return;
            }

            _run.Limit.Stayed();
        }
    }

    /// <summary>Closes or reopens a connection that others refresh and sweep.</summary>
    private void Change(uint number, ConnectionState from, ConnectionState to, uint deadline)
    {
        _ledger.Open(number, deadline);
        EntryReference found = _test.Find(_run.Original(number), _now, _worker);
        while (!found.IsNone)
        {
            StateWord word = Word(found.Index);
            if (!word.IsLive)
            {
                _ledger.Settle(number, Phase.Dead);
                return;
            }

            if (word.State != from)
            {
                throw Breach(BreachKind.CloseUndone, $"connection {number} is {word.State} and was left {from}");
            }

            if (Shared.Swap(ref _test.Head(found.Index)->State, new StateWord(deadline, to, word.Policy, word.Flags).Value, word.Value))
            {
                bool isClose = to == ConnectionState.TcpClose;
                _tally.Closed += isClose ? 1 : 0;
                _tally.Reopened += isClose ? 0 : 1;
                _ledger.Settle(number, isClose ? Phase.Closed : Phase.Live, found.Index);
                return;
            }
        }
    }

    /// <summary>Makes a connection safe from eviction, unless it is too late.</summary>
    private void Assure(uint number)
    {
        EntryReference found = _test.Find(_run.Original(number), _now, _worker);
        if (found.IsNone)
        {
            return;
        }

        _ledger.Open(number, TestTable<TTuple, TFamily>.Never);
        StateWord word = Word(found.Index);
        if (word.IsLive && Shared.Swap(ref _test.Head(found.Index)->State, word.With(EntryFlags.Assured).Value, word.Value))
        {
            _tally.Assured++;
            _ledger.Settle(number, Phase.Live, found.Index);
        }
    }
}
