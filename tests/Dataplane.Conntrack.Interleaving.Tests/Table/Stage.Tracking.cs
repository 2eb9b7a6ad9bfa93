using Dataplane.Packet;

namespace Dataplane.Conntrack.Interleaving.Tests;

/// <content>Segments and labels. The packet path is not part of this build: a segment takes the same steps here in the same order.</content>
internal sealed unsafe partial class Stage
{
    private readonly ulong[] _forwarded = new ulong[SmallTable.EntriesMax];

    /// <summary>Looks a segment's tuple up, judges it under the connection's lock, swaps the state word and counts.</summary>
    private Answer Judge(int worker, byte tuple, TcpFlags flags)
    {
        Answer found = Find(worker, tuple, out uint index);
        if (found.Ending is Ending.None or Ending.Torn)
        {
            return found;
        }

        // The number is what either end expects, as nothing but a FIN has been sent.
        Direction direction = found.Ending == Ending.FoundReply ? Direction.Reply : Direction.Original;
        TcpHeader header = new() { OffsetAndReserved = TcpHeader.SizeBytes / 4 << 4, Flags = flags, Window = Be16.FromHost(1000) };
        ref TcpWindows windows = ref _table.Tail(index)->Windows;
        TcpWindows.Enter(ref windows);
        StateWord word = Word(index);
        Shared.Point();
        TrackerVerdict verdict = TcpTracker.Judge(
            ref windows, word.State, direction, TcpSegment.Read(&header, 0), TcpPolicy.Strict);
        if (verdict.Effect < Trackers.Invalid)
        {
            return new Answer(Swap(index, direction, (ConnectionState)verdict.Effect), found.Connection);
        }

        if (verdict.IsForwarded)
        {
            Count(index, direction);
            return new Answer(Ending.Forwarded, found.Connection);
        }

        TcpWindows.Exit(ref windows);
        if (verdict.Effect != Trackers.Reopen)
        {
            return new Answer(Ending.Refused, found.Connection);
        }

        bool isDone = _operations.Reopen(_table.Table, Pin(tuple), _hashes[tuple], index, word, _table.Slot(worker));
        return new Answer(isDone ? Ending.Done : Ending.Lost, found.Connection);
    }

    /// <summary>Swaps the state word for what an accepted segment makes of it, whoever else changes it, unless it is removed.</summary>
    private Ending Swap(uint index, Direction direction, ConnectionState next)
    {
        ref TcpWindows windows = ref _table.Tail(index)->Windows;
        if (_operations.Held == LockSpan.AllButSwap)
        {
            TcpWindows.Exit(ref windows);
        }

        StateWord word;
        do
        {
            word = Word(index);
        }
        while (word.IsLive && !EntryHead.TryMove(_table.Head(index), word, Moved(word, direction, next)));

        if (_operations.Held == LockSpan.AllButSwap)
        {
            TcpWindows.Enter(ref windows);
        }

        if (!word.IsLive)
        {
            TcpWindows.Exit(ref windows);
            return Ending.Lost;
        }

        Count(index, direction);
        return Ending.Forwarded;
    }

    private static StateWord Moved(StateWord word, Direction direction, ConnectionState next) =>
        new(SmallTable.Later, next, word.Policy, word.Flags | Trackers.FlagsOf(next, direction));

    /// <summary>Counts a segment by a plain addition, which the lock makes a safe one, and gives the lock back.</summary>
    private void Count(uint index, Direction direction)
    {
        EntryTail* tail = _table.Tail(index);
        ulong* packets = &tail->PacketsOriginal + (int)direction;
        if (_operations.Held == LockSpan.AllButCount)
        {
            TcpWindows.Exit(ref tail->Windows);
        }

        _forwarded[index]++;
        Shared.Point();
        ulong before = *packets;
        Shared.Point();
        *packets = before + 1;
        if (_operations.Held != LockSpan.AllButCount)
        {
            TcpWindows.Exit(ref tail->Windows);
        }
    }

    private string? InspectCounts()
    {
        for (uint index = 1; index < SmallTable.EntriesMax; index++)
        {
            ulong counted = _table.Tail(index)->PacketsOriginal + _table.Tail(index)->PacketsReply;
            if (counted != _forwarded[index])
            {
                return $"entry {index} counts {counted} segments, {_forwarded[index]} were forwarded";
            }
        }

        return null;
    }

    private Answer Label(int worker, byte tuple)
    {
        Answer found = Find(worker, tuple, out uint index);
        if (found.Ending is Ending.None or Ending.Torn)
        {
            return found;
        }

        Shared.Point();
        if (!_table.Table->TryTakeSide(_table.Slot(worker), SideKind.Label, out uint side))
        {
            return new Answer(Ending.Busy, found.Connection);
        }

        SideRecord* record = _table.Table->SideAt(side);
        Shared.Point();
        record->Data[0] = found.Connection;
        Shared.Point();
        record->Data[SideRecord.DataBytes - 1] = found.Connection;
        if (_table.Table->TryAttachSide(index, side))
        {
            return new Answer(Ending.Done, found.Connection);
        }

        _table.Table->ReturnSide(_table.Slot(worker), side);
        return new Answer(Ending.Spared, found.Connection);
    }

    private Answer DumpLabel(byte connection)
    {
        byte* copy = stackalloc byte[Entry<Ipv4Tuple>.SizeBytes];
        Answer whole = Copy(connection, copy);
        if (whole.Ending != Ending.Done)
        {
            return whole;
        }

        Shared.Point();
        if (!_operations.CopySide(_table.Table, _indexes[connection], copy, out SideRecord record))
        {
            return new Answer(Ending.Unlabelled, whole.Connection);
        }

        bool isOwn = record.Data[0] == whole.Connection && record.Data[SideRecord.DataBytes - 1] == whole.Connection;
        return new Answer(isOwn ? Ending.Done : Ending.Torn, whole.Connection);
    }
}
