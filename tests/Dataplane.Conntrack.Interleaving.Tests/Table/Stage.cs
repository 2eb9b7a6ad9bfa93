using System;
using Dataplane.Packet;

namespace Dataplane.Conntrack.Interleaving.Tests;

/// <summary>A scenario on its table: both workers' operations, and what they answered.</summary>
internal sealed unsafe partial class Stage : IDisposable
{
    private readonly Scenario _scenario;
    private readonly TableOperations _operations;
    private readonly SmallTable _table;
    private readonly Ipv4Tuple[] _tuples;
    private readonly ulong[] _hashes;
    private readonly uint[] _indexes = new uint[Scenario.ConnectionsMax + 1];
    private readonly int[] _completed = new int[2];
    private History _history;

    public Stage(Scenario scenario, TableOperations operations)
    {
        _scenario = scenario;
        _operations = operations;
        _table = new SmallTable(scenario.Buckets, scenario.SpareBuckets);
        _tuples = GC.AllocateArray<Ipv4Tuple>(scenario.Tuples.Count, pinned: true);
        _hashes = new ulong[_tuples.Length];
        for (int tuple = 0; tuple < _tuples.Length; tuple++)
        {
            _tuples[tuple] = _table.NewTuple(scenario.Tuples[tuple]);
            _hashes[tuple] = _table.Table->Hash(Pin(tuple));
        }

        try
        {
            Prepare();
        }
        catch (InvalidOperationException)
        {
            _table.Dispose();
            throw;
        }
    }

    /// <summary>What the last run looked like.</summary>
    public History History => _history;

    /// <summary>Puts everything back to the start.</summary>
    public void Reset()
    {
        _table.Restore();
        _history = default;
        _completed[0] = _completed[1] = 0;
        Array.Clear(_forwarded);
    }

    /// <summary>Plays a worker's part.</summary>
    public void Perform(int worker)
    {
        Operation[] operations = _scenario.Workers[worker];
        for (int number = 0; number < operations.Length; number++)
        {
            if (number > 0)
            {
                // Between two operations, so that one can be over before the other worker's next begins.
                Shared.Point();
            }

            _history.Begin(worker, number, _completed[1 - worker]);
            _history.End(worker, number, Perform(worker, operations[number]));
            _completed[worker]++;
        }
    }

    /// <summary>Ends a run: looks at what was left, and at the table itself.</summary>
    /// <returns>What is wrong with the table, or null.</returns>
    public string? Inspect()
    {
        _history.Live = _table.LiveMarks(out ushort assured);
        _history.Assured = assured;
        _history.Closing = _table.LiveMarks(ConnectionState.TcpFinWait);
        _history.Closed = _table.LiveMarks(ConnectionState.TcpClose);
        return _table.Inspect() ?? InspectCounts();
    }

    public void Dispose() => _table.Dispose();

    private Answer Perform(int worker, Operation operation)
    {
        byte subject = operation.Subject;
        switch (operation.Kind)
        {
            case OperationKind.Find:
                return Find(worker, subject, out _);
            case OperationKind.FindInBurst:
                return FindInBurst(worker, subject);
            case OperationKind.Insert:
                return Insert(worker, subject);
            case OperationKind.Remove:
                return Remove(worker, subject);
            case OperationKind.Evict:
            case OperationKind.Expire:
                return RemoveKnown(worker, operation.Kind, subject);
            case OperationKind.Refresh:
                return Refresh(worker, subject);
            case OperationKind.Fin:
                return Judge(worker, subject, TcpFlags.Fin | TcpFlags.Ack);
            case OperationKind.Reset:
                return Judge(worker, subject, TcpFlags.Rst);
            case OperationKind.Reopen:
                return Judge(worker, subject, TcpFlags.Syn);
            case OperationKind.Label:
                return Label(worker, subject);
            case OperationKind.Dump:
                return Dump(subject);
            case OperationKind.DumpLabel:
                return DumpLabel(subject);
            case OperationKind.Begin:
                _table.Table->BeginResize(_table.Spare);
                return default;
            case OperationKind.Move:
                _operations.Move(_table.Table);
                return default;
            case OperationKind.Poll:
                _table.Table->Quiescence->Quiescent(worker);
                _operations.Reclaim(_table.Table, _table.Slot(worker));
                return default;
            case OperationKind.Sleep:
                _table.Table->Quiescence->GoOffline(worker);
                return default;
            case OperationKind.Wake:
                _table.Table->Quiescence->GoOnline(worker);
                return default;
            case OperationKind.Free:
                Free(subject);
                return default;
            case OperationKind.Again:
                BeginAgain();
                return default;
            default:
                throw new ArgumentOutOfRangeException(nameof(operation), operation.Kind, "no operation");
        }
    }

    private Answer Find(int worker, byte tuple, out uint index)
    {
        EntryReference found = _operations.Find(_table.Table, Pin(tuple), _hashes[tuple], _table.Slot(worker));
        index = found.Index;
        return found.IsNone ? default : Hold(found, tuple);
    }

    private Answer FindInBurst(int worker, byte tuple)
    {
        uint reference = 0;
        OneTuple burst = new() { Key = Pin(tuple), KeyHash = _hashes[tuple], Result = &reference };
        return _table.Table->FindBurst(burst, 1, SmallTable.Now, _table.Slot(worker)) == 1
            ? Hold(new EntryReference(reference), tuple)
            : default;
    }

    /// <summary>A burst of one.</summary>
    private struct OneTuple : ILookupBurst<Ipv4Tuple>
    {
        public Ipv4Tuple* Key;
        public ulong KeyHash;
        public uint* Result;

        public readonly bool NeedsTails => false;

        public readonly ulong Hash(int position) => KeyHash;

        public readonly Ipv4Tuple* Tuple(int position) => Key;

        public readonly uint* Reference(int position) => Result;
    }

    private Answer Hold(EntryReference found, byte tuple)
    {
        // The packet's further way: the entry must stay what it was for as long as the worker has it in hand.
        byte connection = Name(found.Index);
        for (int look = 0; look < 2; look++)
        {
            Shared.Point();
            if (Name(found.Index) != connection || _table.Tuple(found.Index, found.Direction) != _tuples[tuple])
            {
                return new Answer(Ending.Torn, connection);
            }
        }

        return new Answer(found.Direction == Direction.Original ? Ending.FoundOriginal : Ending.FoundReply, connection);
    }

    private Answer Insert(int worker, byte connection)
    {
        uint index = Build(worker, connection);
        InsertResult result = _operations.Insert(_table.Table, index, _table.Slot(worker), out EntryReference existing);
        if (result == InsertResult.Inserted)
        {
            return new Answer(Ending.Inserted, connection);
        }

        byte named = existing.IsNone ? (byte)0 : Name(existing.Index);
        _table.Table->Abandon(_table.Slot(worker), index);
        return new Answer((Ending)((int)Ending.Inserted + (int)result), named);
    }

    private Answer Remove(int worker, byte tuple)
    {
        Answer found = Find(worker, tuple, out uint index);
        if (found.Ending is Ending.None or Ending.Torn)
        {
            return found;
        }

        StateWord judged = Word(index);
        bool isDone = _table.Table->TryRemove(_table.Slot(worker), index, judged);
        return new Answer(isDone ? Ending.Done : Ending.Lost, found.Connection);
    }

    private Answer RemoveKnown(int worker, OperationKind kind, byte connection)
    {
        uint index = _indexes[connection];
        StateWord judged = Word(index);
        if (kind == OperationKind.Evict)
        {
            bool isSpared = judged.IsLive && (judged.Flags & EntryFlags.Assured) != 0;
            bool isEvicted = _operations.Evict(_table.Table, index, judged, _table.Slot(worker));
            return new Answer(isEvicted ? Ending.Done : isSpared ? Ending.Spared : Ending.Lost, connection);
        }

        if (judged.IsLive && !judged.IsExpired(SmallTable.Now))
        {
            return new Answer(Ending.Spared, connection);
        }

        bool isDone = _table.Table->TryRemove(_table.Slot(worker), index, judged);
        return new Answer(isDone ? Ending.Done : Ending.Lost, connection);
    }

    private Answer Refresh(int worker, byte tuple)
    {
        Answer found = Find(worker, tuple, out uint index);
        if (found.Ending is Ending.None or Ending.Torn)
        {
            return found;
        }

        StateWord judged = Word(index);
        if (!judged.IsLive)
        {
            return new Answer(Ending.Lost, found.Connection);
        }

        StateWord refreshed = new(judged.DeadlineSeconds + 1, judged.State, judged.Policy, judged.Flags | EntryFlags.Assured);
        bool isDone = _operations.Refresh(_table.Head(index), judged, refreshed);
        return new Answer(isDone ? Ending.Done : Ending.Lost, found.Connection);
    }

    private Answer Dump(byte connection)
    {
        byte* copy = stackalloc byte[Entry<Ipv4Tuple>.SizeBytes];
        return Copy(connection, copy);
    }

    private Answer Copy(byte connection, byte* copy)
    {
        uint cursor = _indexes[connection];
        if (_table.Table->CopyNext(ref cursor, SmallTable.Now, 1, copy) == 0)
        {
            return default;
        }

        byte copied = (byte)Entry<Ipv4Tuple>.Head(copy)->Rewrite;
        if (copied >= _scenario.Connections.Count)
        {
            return new Answer(Ending.Torn, copied);
        }

        Connection expected = _scenario.Connections[copied];
        bool isWhole = *Entry<Ipv4Tuple>.Tuple(copy, Direction.Original) == _tuples[expected.Original]
            && *Entry<Ipv4Tuple>.Tuple(copy, Direction.Reply) == _tuples[expected.Reply];
        return new Answer(isWhole ? Ending.Done : Ending.Torn, copied);
    }

    private void Free(byte tuple)
    {
        if (!_table.IsFirstArrayFree && _operations.MayFree(_table.Table))
        {
            Shared.Point();
            _table.FreeFirstArray(_tuples[tuple]);
        }
    }

    private void BeginAgain()
    {
        if (_operations.MayFree(_table.Table))
        {
            _table.Table->BeginResize(_table.First);
        }
    }

    private StateWord Word(uint index) => new(Shared.Acquire(ref _table.Head(index)->State));

    private byte Name(uint index) => index <= SmallTable.DecoyIndex ? (byte)(_table.Head(index)->Rewrite & 15) : (byte)0;

    private uint Build(int worker, byte connection)
    {
        Connection built = _scenario.Connections[connection];
        ConnectionState state = built.IsClosed ? ConnectionState.TcpClose : ConnectionState.TcpEstablished;
        StateWord word = new(built.IsExpired ? 1 : SmallTable.Later, state, 0, EntryFlags.None);
        uint index = _table.Build(worker, connection, _tuples[built.Original], _tuples[built.Reply], word);
        _forwarded[index] = 0;
        return index;
    }

    private void Prepare()
    {
        foreach (byte connection in _scenario.Gone)
        {
            InsertFirst(connection);
        }

        foreach (byte connection in _scenario.Gone)
        {
            _table.Table->TryRemove(_table.Slot(0), _indexes[connection], Word(_indexes[connection]));
        }

        _table.QuiesceAll();
        foreach (byte connection in _scenario.Present)
        {
            InsertFirst(connection);
        }

        if (_scenario.IsResizing)
        {
            _table.Table->BeginResize(_table.Spare);
            for (int step = 0; step < _scenario.MovedBefore; step++)
            {
                _table.Table->MoveStep();
            }
        }

        if (_table.Inspect() is string wrong)
        {
            throw new InvalidOperationException($"{_scenario.Name} begins with a broken table: {wrong}");
        }

        _table.Save();
    }

    private void InsertFirst(byte connection)
    {
        _indexes[connection] = Build(0, connection);
        InsertResult result = _table.Table->Insert(_table.Slot(0), _indexes[connection], 0, out _);
        if (result != InsertResult.Inserted)
        {
            throw new InvalidOperationException($"{_scenario.Name}: connection {connection} cannot be there: {result}");
        }
    }

    private Ipv4Tuple* Pin(int tuple)
    {
        // The array is pinned for as long as it lives, which is as long as this.
        fixed (Ipv4Tuple* first = _tuples)
        {
            return first + tuple;
        }
    }
}
