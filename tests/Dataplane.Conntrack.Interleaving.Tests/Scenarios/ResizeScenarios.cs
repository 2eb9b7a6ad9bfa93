using static Dataplane.Conntrack.Interleaving.Tests.Steps;

namespace Dataplane.Conntrack.Interleaving.Tests;

/// <summary>Two workers on a table that is being resized. The low two bits of a tuple's bucket are its bucket in four, three in eight.</summary>
internal static class ResizeScenarios
{
    public static Scenario GrowUnderLookups()
    {
        Scenario it = new("a table grows under lookups");
        (byte a, byte b) = (it.Tuple(4), it.Tuple(1));
        it.Existing(a, b);
        return it.Do([Begin, Move, Move], [Find(a), FindInBurst(b), Find(a)]);
    }

    public static Scenario ShrinkByBoth()
    {
        Scenario it = new("both workers shrink a table and look into it")
        {
            Buckets = 8,
            SpareBuckets = 4,
            IsResizing = true,
            MovedBefore = 1,
        };
        (byte a, byte b) = (it.Tuple(4), it.Tuple(6));
        it.Existing(a, b);
        return it.Do([Move, Find(b), Move, Find(a)], [Move, Find(a), Move, Find(b)]);
    }

    public static Scenario ChangeDuringMove()
    {
        Scenario it = new("connections come and go while their buckets move") { IsResizing = true };
        (byte a, byte b, byte c, byte d) = (it.Tuple(4), it.Tuple(1), it.Tuple(0), it.Tuple(4));
        it.Existing(a, b);
        return it.Do([Move, Insert(it.Connection(c, d)), Move], [Remove(a), Find(c), Insert(it.Connection(a, b))]);
    }

    public static Scenario InsertAtBegin()
    {
        Scenario it = new("a resize begins, moves and ends beside an insertion");
        (byte a, byte b) = (it.Tuple(0), it.Tuple(5));
        return it.Do([Insert(it.Connection(a, b)), Find(b), Find(a)], [Begin, Move, Move, Find(a), Find(b)]);
    }

    public static Scenario RemoveAtBegin()
    {
        Scenario it = new("a resize begins, moves and ends beside a removal");
        (byte a, byte b) = (it.Tuple(4), it.Tuple(1));
        it.Existing(a, b);
        return it.Do([Remove(b), Find(a), Insert(it.Connection(a, b))], [Begin, Move, Move, Find(a)]);
    }

    public static Scenario EndUnderLookups()
    {
        Scenario it = new("a resize ends and its old array is freed under lookups") { IsResizing = true, MovedBefore = 1 };
        (byte a, byte b) = (it.Tuple(6), it.Tuple(3));
        it.Existing(a, b);
        return it.Do([Move, Poll, Free(a), Find(b)], [Find(a), Poll, Find(a)]);
    }

    public static Scenario AgainUnderLookups()
    {
        Scenario it = new("a resize ends and the next one goes back under lookups") { SpareBuckets = 2, IsResizing = true, MovedBefore = 1 };
        (byte a, byte b) = (it.Tuple(2), it.Tuple(1));
        it.Existing(a, b);
        return it.Do([Move, Poll, Again, Move], [Find(a), Poll, FindInBurst(b), Find(a)]);
    }

    public static Scenario ClashDuringMove()
    {
        Scenario it = new("both open one connection while its bucket moves") { IsResizing = true };
        (byte original, byte mine, byte yours, byte a) = (it.Tuple(4), it.Tuple(0), it.Tuple(1), it.Tuple(0));
        it.Existing(a, it.Tuple(4));
        return it.Do(
            [Insert(it.Connection(original, mine)), Move, Find(original)],
            [Move, Insert(it.Connection(original, yours)), Find(original)]);
    }

    public static Scenario NoRoom()
    {
        // Four connections fill the only bucket that their lock has in the new array; the fifth waits until one of them has ended.
        Scenario it = new("a connection finds no room in the new array until another has ended")
        {
            SpareBuckets = 2,
            IsResizing = true,
            MovedBefore = 1,
        };
        byte first = it.Tuple(0);
        it.Existing(first, it.Tuple(0));
        for (int connection = 1; connection < Bucket.Places / 2; connection++)
        {
            it.Existing(it.Tuple(0), it.Tuple(0));
        }

        (byte a, byte b) = (it.Tuple(2), it.Tuple(2));
        it.Existing(a, b);
        return it.Do([Move, Remove(first), Move], [Find(a), Move, Find(b)]);
    }
}
