using static Dataplane.Conntrack.Interleaving.Tests.Steps;

namespace Dataplane.Conntrack.Interleaving.Tests;

/// <summary>Two workers on a table at rest. Low bits of a tuple's bucket are its bucket in four, the lowest its lock.</summary>
internal static class TableScenarios
{
    public static Scenario SameConnection()
    {
        Scenario it = new("both insert, find and remove the same connection");
        (byte a, byte b) = (it.Tuple(0), it.Tuple(1));
        (byte mine, byte yours) = (it.Connection(a, b), it.Connection(a, b));
        return it.Do([Insert(mine), Find(a), Remove(b)], [Find(b), Insert(yours), Remove(a)]);
    }

    public static Scenario SameBucket()
    {
        Scenario it = new("two connections share a bucket with all their tuples");
        (byte a, byte b, byte c, byte d) = (it.Tuple(0), it.Tuple(0), it.Tuple(0), it.Tuple(0));
        return it.Do([Insert(it.Connection(a, b)), Remove(a), Find(c)], [Insert(it.Connection(c, d)), Find(a), Remove(d)]);
    }

    public static Scenario CrossedLocks()
    {
        Scenario it = new("two connections have each other's locks the other way round");
        (byte a, byte b, byte c, byte d) = (it.Tuple(0), it.Tuple(1), it.Tuple(3), it.Tuple(2));
        return it.Do([Insert(it.Connection(a, b)), Find(c), Remove(d)], [Insert(it.Connection(c, d)), Find(a), Remove(b)]);
    }

    public static Scenario Overflow()
    {
        Scenario it = new("a full bucket overflows and is relieved");
        byte[] held = FillBucket(it);
        (byte a, byte b, byte c, byte d) = (it.Tuple(0), it.Tuple(0), it.Tuple(0), it.Tuple(1));
        return it.Do([Insert(it.Connection(a, b)), Remove(held[0]), Find(c)], [Insert(it.Connection(c, d)), Find(a), Remove(c)]);
    }

    public static Scenario OverflowedStays()
    {
        Scenario it = new("a connection beyond a full bucket is found while places before it come and go");
        byte[] held = FillBucket(it);
        (byte far, byte away, byte a, byte b) = (it.Tuple(0), it.Tuple(0), it.Tuple(0), it.Tuple(1));
        it.Existing(far, away);
        return it.Do([Remove(held[0]), Insert(it.Connection(a, b)), Remove(held[2])], [Find(far), Find(away), Find(far)]);
    }

    public static Scenario OriginalClash()
    {
        Scenario it = new("both open the connection of one original tuple, with ports of their own");
        (byte original, byte mine, byte yours) = (it.Tuple(0), it.Tuple(1), it.Tuple(2));
        return it.Do(
            [Insert(it.Connection(original, mine)), Find(yours), Find(original)],
            [Insert(it.Connection(original, yours)), Find(mine), Remove(original)]);
    }

    public static Scenario ReplyClash()
    {
        Scenario it = new("both choose the same port for different connections");
        (byte mine, byte yours, byte reply) = (it.Tuple(0), it.Tuple(1), it.Tuple(2));
        return it.Do(
            [Insert(it.Connection(mine, reply)), Find(yours), Remove(reply)],
            [Insert(it.Connection(yours, reply)), Find(yours), Find(mine)]);
    }

    public static Scenario Expiry()
    {
        Scenario it = new("an expired connection is swept and opened again at once");
        (byte original, byte old, byte mine, byte yours) = (it.Tuple(0), it.Tuple(1), it.Tuple(2), it.Tuple(3));
        byte expired = it.Existing(original, old, isExpired: true);
        return it.Do(
            [Insert(it.Connection(original, mine)), Find(original), Find(yours)],
            [Expire(expired), Insert(it.Connection(original, yours)), Find(mine)]);
    }

    public static Scenario RefreshAgainstRemoval()
    {
        Scenario it = new("packets refresh a connection that is being removed");
        (byte a, byte b) = (it.Tuple(0), it.Tuple(1));
        it.Existing(a, b);
        return it.Do([Refresh(a), Find(b), Remove(a)], [Remove(b), Refresh(b), Find(a)]);
    }

    public static Scenario RefreshAgainstEviction()
    {
        Scenario it = new("packets assure a connection that is being evicted");
        (byte a, byte b, byte c) = (it.Tuple(0), it.Tuple(1), it.Tuple(2));
        byte victim = it.Existing(a, b);
        return it.Do([Refresh(a), Find(b), Refresh(b)], [Evict(victim), Insert(it.Connection(a, c)), Find(a)]);
    }

    public static Scenario Reuse()
    {
        Scenario it = new("an entry is reused while the other worker looks up what it was and is");
        (byte a, byte b, byte c, byte d) = (it.Tuple(0), it.Tuple(1), it.Tuple(2), it.Tuple(0));
        it.Existing(a, b);
        return it.Do([Remove(a), Poll, Poll, Insert(it.Connection(c, d))], [Find(a), Poll, Find(c), Find(b)]);
    }

    public static Scenario ReuseUnderBursts()
    {
        Scenario it = new("a place is cleared and filled again while bursts look at it");
        (byte a, byte b, byte c) = (it.Tuple(0), it.Tuple(1), it.Tuple(3));
        it.Existing(a, b);
        return it.Do([Remove(a), Insert(it.Connection(a, c)), Poll], [FindInBurst(a), FindInBurst(b), Poll, FindInBurst(a)]);
    }

    public static Scenario ReuseBesideSleeper()
    {
        Scenario it = new("an entry is reused while the other worker sleeps and wakes");
        (byte a, byte b, byte c, byte d) = (it.Tuple(0), it.Tuple(1), it.Tuple(2), it.Tuple(0));
        it.Existing(a, b);
        return it.Do([Remove(a), Poll, Poll, Insert(it.Connection(c, d))], [Find(b), Sleep, Wake, Find(a), Find(c)]);
    }

    public static Scenario OldReferences()
    {
        // The freed entries come back last first: the first insertion fills the first connection's places with the second's entry,
        // and the next one builds in the entry that these places named before.
        Scenario it = new("places still name entries that have been freed and are taken again");
        (byte a, byte b, byte c, byte d) = (it.Tuple(0), it.Tuple(1), it.Tuple(2), it.Tuple(3));
        it.Former(a, b);
        it.Former(c, d);
        return it.Do(
            [Insert(it.Connection(a, b)), Insert(it.Connection(it.Tuple(2), it.Tuple(3))), Find(a)], [Find(a), Find(b), Find(a)]);
    }

    public static Scenario Listing()
    {
        Scenario it = new("a listing copies an entry that is removed and reused");
        (byte a, byte b, byte c, byte d) = (it.Tuple(0), it.Tuple(1), it.Tuple(2), it.Tuple(0));
        byte listed = it.Existing(a, b);
        return it.Do([Remove(a), Poll, Poll, Insert(it.Connection(c, d))], [Poll, Dump(listed), Dump(listed)]);
    }

    /// <summary>Fills bucket 0 with four connections.</summary>
    /// <returns>Their original tuples.</returns>
    private static byte[] FillBucket(Scenario it)
    {
        byte[] originals = new byte[Bucket.Places / 2];
        for (int place = 0; place < originals.Length; place++)
        {
            originals[place] = it.Tuple(0);
            it.Existing(originals[place], it.Tuple(0));
        }

        return originals;
    }
}
