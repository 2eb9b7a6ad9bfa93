using System.Collections.Generic;
using System.Linq;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>A change of the number of buckets, one step of a worker at a time: what is found, inserted, refused and removed at
/// each.</summary>
[Trait("Category", "Portable")]
public abstract unsafe class ResizeTests<TTuple, TFamily>
    where TTuple : unmanaged
    where TFamily : ITupleFamily<TTuple>
{
    private const uint Locks = (uint)StripeLocks.Count;
    private const uint Now = TestTable<TTuple, TFamily>.Now;

    /// <summary>Half of all stripes get a connection's original and half a reply: at one bucket a stripe everything fits.</summary>
    private const uint Filling = Locks / 2;

    /// <summary>Buckets of a stripe before and after.</summary>
    public static TheoryData<uint, uint> Changes => new() { { 1, 2 }, { 2, 1 }, { 1, 16 }, { 8, 2 }, { 2, 32 }, { 16, 4 } };

    private static TTuple Numbered(uint number) => TFamily.Numbered(number);

    private static TTuple Inverted(uint number) => TFamily.Inverted(TFamily.Numbered(number));

    [Theory]
    [MemberData(nameof(Changes))]
    public void Every_connection_is_found_by_both_tuples_after_every_step(uint from, uint to)
    {
        using TestTable<TTuple, TFamily> test = Filled(from, out Dictionary<uint, uint> ledger);
        Assert.Equal(ResizeStart.Begun, test.Memory.Begin(to * Locks));
        BucketArray emptied = test.Table->View->Previous;
        uint steps = 0;
        do
        {
            Assert.Equal(to * Locks, test.Memory.BucketCount);
            Assert.Equal(from * Locks, test.Memory.PreviousBucketCount);
            Assert.Equal(steps * ConntrackTable<TTuple>.MoveBatch, test.Memory.MovedBucketCount);
            AssertFound(test, ledger);
            if (steps % 64 == 0)
            {
                test.AssertConsistent();
            }

            Assert.Equal(ConntrackTable<TTuple>.MoveBatch, test.Table->MoveStep());
            steps++;
        }
        while (test.Table->IsResizing);

        Assert.Equal(from * Locks / ConntrackTable<TTuple>.MoveBatch, steps);
        Assert.Equal(0u, test.Table->MoveStep());
        Assert.Equal(0u, test.Memory.PreviousBucketCount);
        Assert.Equal(0u, test.Memory.MovedBucketCount);
        AssertFound(test, ledger);
        test.AssertConsistent();
        Assert.Equal(2 * ledger.Count, test.OccupiedPlaces());
        AssertEmpty(emptied);
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public void Insertions_clashes_expiry_and_removals_are_right_at_every_step(uint from, uint to)
    {
        using TestTable<TTuple, TFamily> test = Filled(from, out Dictionary<uint, uint> ledger);
        Queue<uint> expired = new();
        for (uint number = 100_000; number < 100_000 + Filling / 4; number++)
        {
            test.Insert(number, deadline: Now);
            expired.Enqueue(number);
        }

        Assert.Equal(ResizeStart.Begun, test.Memory.Begin(to * Locks));
        uint fresh = 200_000;
        uint step = 0;
        do
        {
            // The oldest: while nothing has been moved it stands in the old array, towards the end in the new one.
            (uint number, uint index) = ledger.ElementAt((int)(step * 7 % (uint)ledger.Count));
            Assert.Equal(InsertResult.OriginalExists, test.Insert(Numbered(number), Inverted(fresh), out _, out EntryReference existing));
            Assert.Equal(new EntryReference(index, Direction.Original), existing);
            Assert.Equal(InsertResult.ReplyExists, test.Insert(Numbered(fresh), Inverted(number), out _, out existing));
            Assert.Equal(new EntryReference(index, Direction.Reply), existing);
            Assert.True(test.Find(Numbered(fresh)).IsNone);

            if (expired.TryDequeue(out uint corpse))
            {
                ulong before = test.Memory.Counters().Expired;
                Assert.True(test.Find(Numbered(corpse)).IsNone);
                ledger.Add(corpse, test.Insert(corpse));
                Assert.Equal(before + 1, test.Memory.Counters().Expired);
                ledger.Remove(corpse, out uint successor);
                Assert.True(test.Remove(successor));
            }

            Assert.True(test.Remove(index));
            ledger.Remove(number);
            Assert.True(test.Find(Numbered(number)).IsNone);
            Assert.True(test.Find(Inverted(number)).IsNone);
            ledger.Add(fresh, test.Insert(fresh));
            fresh++;
            if (step % 8 == 0)
            {
                AssertFound(test, ledger);
            }

            if (step++ % 64 == 0)
            {
                test.AssertConsistent();
                test.QuiesceAll();
            }
        }
        while (test.Table->MoveStep() != 0);

        AssertFound(test, ledger);
        test.AssertConsistent();
        Assert.Equal(ledger.Count + expired.Count, test.Memory.Count());
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public void A_sweep_at_every_step_removes_what_has_expired_wherever_it_stands(uint from, uint to)
    {
        using TestTable<TTuple, TFamily> test = Filled(from, out Dictionary<uint, uint> ledger);
        const uint corpses = Filling / 4;
        for (uint number = 100_000; number < 100_000 + corpses; number++)
        {
            test.Insert(number, deadline: Now + number % 7);
        }

        WorkerSlot* slot = test.Memory.Slot(0);
        slot->SweepNanoseconds = Now * 1_000_000_000L;
        Assert.Equal(ResizeStart.Begun, test.Memory.Begin(to * Locks));
        long period = ConntrackTable<TTuple>.SweepPeriodSeconds * 1_000_000_000L;
        long interval = period / (from * Locks / ConntrackTable<TTuple>.MoveBatch);
        int removed = 0;
        long now = slot->SweepNanoseconds;
        for (; test.Table->IsResizing; test.Table->MoveStep())
        {
            now += interval;
            removed += SweepAll(test, now);
        }

        // What was not yet expired when the cursor came by is met in the second pass.
        removed += SweepAll(test, now + period - 1);
        Assert.Equal((int)corpses, removed);
        AssertFound(test, ledger);
        test.AssertConsistent();
    }

    [Fact]
    public void A_chain_that_overflowed_is_moved_place_by_place_and_uncounted()
    {
        // Twenty connections that want one bucket of the old array, of which the second half want another of the new one.
        using TestTable<TTuple, TFamily> test = Sized(4);
        uint bucket = 3 * Locks + 2;
        uint[] numbers = [
            .. test.NumbersWhere(hash => hash % (8 * Locks) == bucket, 10),
            .. test.NumbersWhere(hash => hash % (8 * Locks) == bucket + 4 * Locks, 10)];
        Dictionary<uint, uint> ledger = numbers.ToDictionary(number => number, number => test.Insert(number));
        Assert.Equal(Bucket.Places, test.OccupiedIn(bucket));
        Assert.True(test.Buckets[bucket].Overflowed >= 20 - Bucket.Places);
        Bucket* old = test.Buckets;

        Assert.Equal(ResizeStart.Begun, test.Memory.Begin(8 * Locks));
        while (test.Table->MoveStep() != 0)
        {
            AssertFound(test, ledger);
            test.AssertConsistent();
        }

        Assert.Equal(Bucket.Places, test.OccupiedIn(bucket));
        Assert.Equal(Bucket.Places, test.OccupiedIn(bucket + 4 * Locks));
        Assert.Equal(0, old[bucket].Overflowed);
    }

    [Fact]
    public void Resizes_in_sequence_keep_every_connection_and_count_themselves()
    {
        using TestTable<TTuple, TFamily> test = Filled(2, out Dictionary<uint, uint> ledger);
        ulong ended = 0;
        foreach (uint to in new uint[] { 4, 1, 32, 2, 1, 2, 16, 8, 64, 2 })
        {
            Assert.Equal(2 * ended, test.Table->View->Number);
            Assert.Equal(ResizeStart.Begun, test.Memory.Begin(to * Locks));
            Assert.Equal(2 * ended + 1, test.Table->View->Number);
            test.MoveAll();
            Assert.True(test.Memory.FinishResize());
            Assert.Equal(++ended, test.Memory.Resizes);
            Assert.Equal(to * Locks, test.Memory.BucketCount);
            AssertFound(test, ledger);
            test.AssertConsistent();
        }
    }

    [Fact]
    public void What_finds_no_room_in_the_new_array_stays_findable_until_there_is_room()
    {
        // Twelve originals of one stripe, and one bucket of eight places for them.
        using TestTable<TTuple, TFamily> test = Sized(2);
        uint[] numbers = Chosen(test, stripe: 3, 12);
        Dictionary<uint, uint> ledger = numbers.ToDictionary(number => number, number => test.Insert(number));
        Assert.Equal(ResizeStart.Begun, test.Memory.Begin(Locks));
        uint batches = 2 * Locks / ConntrackTable<TTuple>.MoveBatch;
        for (uint step = 0; step < 5 * batches; step++)
        {
            Assert.Equal(ConntrackTable<TTuple>.MoveBatch, test.Table->MoveStep());
            AssertFound(test, ledger);
        }

        Assert.True(test.Table->IsResizing);
        Assert.Equal(ResizeStart.Running, test.Memory.TryResize(64 * Locks));
        Assert.Equal(Bucket.Places, test.OccupiedIn(3));
        test.AssertConsistent();

        // New connections of that stripe are refused meanwhile, and clash with those that stayed behind.
        uint other = Chosen(test, stripe: 3, 1, first: numbers[^1] + 1)[0];
        Assert.Equal(InsertResult.ChainTooLong, test.Insert(Numbered(other), Inverted(other), out _, out _));
        Assert.Equal(InsertResult.OriginalExists, test.Insert(Numbered(numbers[11]), Inverted(other), out _, out EntryReference existing));
        Assert.Equal(ledger[numbers[11]], existing.Index);

        // Four of them end: one that stayed behind would do, and so does one that moved.
        foreach (uint number in new[] { numbers[0], numbers[4], numbers[8], numbers[11] })
        {
            ledger.Remove(number, out uint index);
            Assert.True(test.Remove(index));
        }

        for (uint step = 0; step < 2 * batches && test.Table->IsResizing; step++)
        {
            test.Table->MoveStep();
            AssertFound(test, ledger);
        }

        Assert.False(test.Table->IsResizing);
        Assert.Equal(Bucket.Places, test.OccupiedIn(3));
        test.AssertConsistent();
    }

    [Fact]
    public void An_expired_connection_that_finds_no_room_is_swept_away_and_ends_the_resize()
    {
        using TestTable<TTuple, TFamily> test = Sized(2);
        uint[] numbers = Chosen(test, stripe: 1, Bucket.Places + 1);
        foreach (uint number in numbers)
        {
            test.Insert(number, deadline: Now + 1);
        }

        Assert.Equal(ResizeStart.Begun, test.Memory.Begin(Locks));
        for (uint step = 0; step < 4 * Locks / ConntrackTable<TTuple>.MoveBatch; step++)
        {
            test.Table->MoveStep();
        }

        Assert.True(test.Table->IsResizing);
        test.Memory.Slot(0)->SweepNanoseconds = Now * 1_000_000_000L;
        Assert.Equal(numbers.Length, SweepAll(test, (Now + 15) * 1_000_000_000L));
        test.MoveAll();
        Assert.Equal(0, test.OccupiedPlaces());
        test.AssertConsistent();
    }

    [Fact]
    public void A_dump_across_a_resize_shows_each_live_connection_exactly_once()
    {
        using TestTable<TTuple, TFamily> test = Filled(4, out Dictionary<uint, uint> ledger);
        HashSet<uint> staying = [.. ledger.Where(pair => pair.Key % 2 == 0).Select(pair => pair.Value)];
        Queue<uint> leaving = new(ledger.Where(pair => pair.Key % 2 == 1).Select(pair => pair.Value));
        Assert.Equal(ResizeStart.Begun, test.Memory.Begin(16 * Locks));
        byte* copy = stackalloc byte[Entry<TTuple>.SizeBytes];
        HashSet<uint> shown = [];
        uint cursor = 0;
        uint fresh = 300_000;

        // The walk takes about as many cuts as the resize takes steps.
        uint scan = 1 + Filling * ConntrackTable<TTuple>.MoveBatch / (4 * Locks);
        while (cursor < test.Memory.EntryCount)
        {
            uint index = test.Table->CopyNext(ref cursor, Now, scan, copy);
            if (index != 0)
            {
                Assert.True(shown.Add(index), $"entry {index} was shown twice");
                Assert.Equal(test.Tuple(index, Direction.Original), *Entry<TTuple>.Tuple(copy, Direction.Original));
            }

            test.Table->MoveStep();
            if (leaving.TryDequeue(out uint gone))
            {
                // Reuse is held back by the grace period, so that no index stands for two connections within the walk.
                Assert.True(test.Remove(gone));
                test.Insert(fresh++);
            }
        }

        Assert.False(test.Table->IsResizing);
        Assert.Subset(shown, staying);
        test.AssertConsistent();
    }

    private static TestTable<TTuple, TFamily> Sized(uint bucketsPerStripe) =>
        new(new ConntrackSize(8 * Locks, 1, false) { Buckets = bucketsPerStripe * Locks, Seed = 11 });

    private static TestTable<TTuple, TFamily> Filled(uint bucketsPerStripe, out Dictionary<uint, uint> ledger)
    {
        TestTable<TTuple, TFamily> test = Sized(bucketsPerStripe);
        ledger = [];
        for (uint number = 0; number < Filling; number++)
        {
            ledger.Add(number, test.Insert(number));
        }

        return test;
    }

    /// <summary>Numbers whose original tuple is of a stripe and whose reply is of another.</summary>
    private static uint[] Chosen(TestTable<TTuple, TFamily> test, uint stripe, int count, uint first = 0)
    {
        List<uint> numbers = [];
        for (uint number = first; numbers.Count < count; number++)
        {
            // Replies are spread over the other stripes, two at most in each of the few.
            uint reply = (uint)(test.Hash(Inverted(number)) % Locks);
            if (test.Hash(Numbered(number)) % Locks == stripe
                && reply != stripe
                && numbers.Count(other => test.Hash(Inverted(other)) % Locks == reply) < 2)
            {
                numbers.Add(number);
            }
        }

        return [.. numbers];
    }

    private static int SweepAll(TestTable<TTuple, TFamily> test, long nowNanoseconds)
    {
        int removed = 0;
        uint cursor;
        do
        {
            test.QuiesceAll();
            cursor = test.Memory.Slot(0)->SweepCursor;
            removed += test.Table->Sweep(test.Memory.Slot(0), nowNanoseconds);
        }
        while (test.Memory.Slot(0)->SweepCursor != cursor);
        return removed;
    }

    private static void AssertFound(TestTable<TTuple, TFamily> test, Dictionary<uint, uint> ledger)
    {
        foreach ((uint number, uint index) in ledger)
        {
            Assert.Equal(new EntryReference(index, Direction.Original).Value, test.Find(Numbered(number)).Value);
            Assert.Equal(new EntryReference(index, Direction.Reply).Value, test.Find(Inverted(number)).Value);
        }
    }

    private static void AssertEmpty(in BucketArray array)
    {
        for (uint number = 0; number < array.Count; number++)
        {
            Assert.Equal(Bucket.Places, System.Numerics.BitOperations.PopCount(Bucket.Match(array.Buckets + number, 0)));
            Assert.Equal(0, array.Buckets[number].Overflowed);
        }
    }
}

public sealed class Ipv4ResizeTests : ResizeTests<Ipv4Tuple, Ipv4Family>;

public sealed class Ipv6ResizeTests : ResizeTests<Ipv6Tuple, Ipv6Family>;
