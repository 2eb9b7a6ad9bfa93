using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>Full buckets: the walk along the stripe, its bound, and the passages that are counted on the way.</summary>
/// <remarks>Most tests fill one stripe of four buckets with originals that all walk it in the same order.</remarks>
[Trait("Category", "Portable")]
public abstract unsafe class OverflowTests<TTuple, TFamily>
    where TTuple : unmanaged
    where TFamily : ITupleFamily<TTuple>
{
    private const uint Locks = (uint)StripeLocks.Count;
    private const uint Now = TestTable<TTuple, TFamily>.Now;
    private const int Buckets = 4;
    private const int Places = Buckets * Bucket.Places;
    private const uint Stripe = 2;

    private static uint[]? s_sameWay;

    private static TTuple Numbered(uint number) => TFamily.Numbered(number);

    private static TTuple Inverted(uint number) => TFamily.Inverted(TFamily.Numbered(number));

    [Fact]
    public void Each_passage_is_counted_in_every_full_bucket_on_the_way_and_uncounted_on_removal()
    {
        using TestTable<TTuple, TFamily> test = Made();
        uint[] numbers = SameWay(test, Places + 1);
        uint[] way = test.ProbeSequence(test.Hash(Numbered(numbers[0])));
        uint[] indexes = new uint[Places];
        for (int count = 0; count < Places; count++)
        {
            AssertPassages(test, way, count);
            indexes[count] = test.Insert(numbers[count]);
        }

        AssertPassages(test, way, Places);
        Assert.Equal(InsertResult.ChainTooLong, test.Insert(Numbered(numbers[Places]), Inverted(numbers[Places]), out _, out _));
        AssertPassages(test, way, Places);

        // From the far end each removal takes back what its insertion counted.
        for (int count = Places - 1; count >= 0; count--)
        {
            Assert.True(test.Remove(indexes[count]));
            AssertPassages(test, way, count);
        }

        test.AssertConsistent();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Places_do_not_move_when_others_end_and_passages_stay_exact_in_any_order(int seed)
    {
        using TestTable<TTuple, TFamily> test = Made();
        Dictionary<uint, uint> open = SameWay(test, Places).ToDictionary(number => number, number => test.Insert(number));
        Random random = new(seed);
        while (open.Count > 0)
        {
            (uint number, uint index) = open.ElementAt(random.Next(open.Count));
            Assert.True(test.Remove(index));
            open.Remove(number);
            foreach ((uint left, uint leftIndex) in open)
            {
                Assert.Equal(leftIndex, test.Find(Numbered(left)).Index);
            }

            test.AssertConsistent();
        }

        Assert.All(Enumerable.Range(0, (int)test.Memory.BucketCount), bucket => Assert.Equal(0, test.Buckets[bucket].Overflowed));
    }

    [Fact]
    public void A_place_that_becomes_free_in_the_middle_is_taken_by_the_next()
    {
        using TestTable<TTuple, TFamily> test = Made();
        uint[] numbers = SameWay(test, Places + 1);
        uint[] indexes = [.. numbers[..Places].Select(number => test.Insert(number))];
        uint[] way = test.ProbeSequence(test.Hash(Numbered(numbers[0])));
        Assert.True(test.Remove(indexes[Bucket.Places + 3]));
        Assert.Equal(Bucket.Places - 1, test.OccupiedIn(way[1]));
        test.Insert(numbers[Places]);
        Assert.Equal(Bucket.Places, test.OccupiedIn(way[1]));
        test.AssertConsistent();
    }

    [Fact]
    public void An_ended_connection_hides_no_live_one_wherever_the_live_one_stands()
    {
        using TestTable<TTuple, TFamily> test = Made();
        uint[] numbers = SameWay(test, Places);
        uint[] indexes = [.. numbers.Select(number => test.Insert(number))];
        for (int live = 0; live < Places; live++)
        {
            for (int position = 0; position < Places; position++)
            {
                uint deadline = position == live ? Now + 1 : Now;
                test.Head(indexes[position])->State = new StateWord(deadline, ConnectionState.UdpStream, 0, EntryFlags.Confirmed).Value;
            }

            for (int position = 0; position < Places; position++)
            {
                Assert.Equal(position == live ? indexes[live] : 0, test.Find(Numbered(numbers[position])).Index);
                Assert.Equal(position == live ? indexes[live] : 0, test.Find(Inverted(numbers[position])).Index);
            }
        }
    }

    [Theory]
    [InlineData(EntryFlags.Confirmed, Now)]
    [InlineData(EntryFlags.Confirmed | EntryFlags.Dying, Now + 100)]
    public void Dead_entries_of_the_same_tuple_and_tag_in_front_hide_no_live_one(EntryFlags flags, uint deadline)
    {
        using TestTable<TTuple, TFamily> test = Made();
        uint[] numbers = SameWay(test, Places);
        uint[] indexes = [.. numbers.Select(number => test.Insert(number))];
        uint[] way = test.ProbeSequence(test.Hash(Numbered(numbers[0])));

        // The live one stands in the very last place; all in front are made to look like it, and to be dead.
        TTuple wanted = Numbered(numbers[^1]);
        ushort tag = TupleHash.Tag(test.Hash(wanted));
        for (int position = 0; position < Places - 1; position++)
        {
            *Entry<TTuple>.Tuple(test.Table->EntryAt(indexes[position]), Direction.Original) = wanted;
            test.Head(indexes[position])->State = new StateWord(deadline, ConnectionState.UdpStream, 0, flags).Value;
        }

        Array.ForEach(way, bucket => new Span<ushort>(test.Buckets[bucket].Tags, Bucket.Places).Fill(tag));
        Assert.Equal(indexes[^1], test.Find(wanted).Index);
        test.Head(indexes[^1])->State = new StateWord(deadline, ConnectionState.UdpStream, 0, flags).Value;
        Assert.True(test.Find(wanted).IsNone);
    }

    [Fact]
    public void Foreign_connections_with_the_same_tag_are_told_apart_by_their_tuples()
    {
        using TestTable<TTuple, TFamily> test = Made();
        uint[] numbers = SameWay(test, Places);
        uint[] indexes = [.. numbers.Select(number => test.Insert(number))];
        uint[] way = test.ProbeSequence(test.Hash(Numbered(numbers[0])));
        for (int position = 0; position < Places; position++)
        {
            ushort tag = TupleHash.Tag(test.Hash(Numbered(numbers[position])));
            Array.ForEach(way, bucket => new Span<ushort>(test.Buckets[bucket].Tags, Bucket.Places).Fill(tag));
            Assert.Equal(new EntryReference(indexes[position], Direction.Original), test.Find(Numbered(numbers[position])));

            // So does an insertion: it clashes with the right one.
            InsertResult result = test.Insert(Numbered(numbers[position]), Inverted(900_000), out _, out EntryReference existing);
            Assert.Equal(InsertResult.OriginalExists, result);
            Assert.Equal(indexes[position], existing.Index);
        }
    }

    [Fact]
    public void A_bucket_that_cannot_count_another_passage_refuses_it()
    {
        using TestTable<TTuple, TFamily> test = Made();
        uint[] numbers = SameWay(test, Bucket.Places + 1);
        Array.ForEach(numbers[..Bucket.Places], number => test.Insert(number));
        Bucket* full = test.Buckets + test.ProbeSequence(test.Hash(Numbered(numbers[0])))[0];
        new Span<ushort>(full->Passages, Bucket.Classes).Fill(ushort.MaxValue);
        TTuple original = Numbered(numbers[^1]);
        TTuple reply = Inverted(numbers[^1]);
        Assert.Equal(InsertResult.ChainTooLong, test.Insert(original, reply, out _, out _));
        Assert.Equal(InsertResult.ChainTooLong, test.Insert(reply, original, out _, out _));
        Assert.Equal(Bucket.Classes * ushort.MaxValue, full->Overflowed);
        Assert.True(test.Find(original).IsNone);
        Assert.True(test.Find(reply).IsNone);
        Assert.Equal(2ul, test.Memory.Counters().ChainTooLong);
        new Span<ushort>(full->Passages, Bucket.Classes).Clear();
        test.AssertConsistent();
    }

    [Fact]
    public void A_connection_both_of_whose_tuples_pass_one_bucket_cannot_wrap_its_counter()
    {
        using TestTable<TTuple, TFamily> test = Made();
        uint[] numbers = SameWay(test, Bucket.Places + 1);
        Array.ForEach(numbers[..Bucket.Places], number => test.Insert(number));
        Bucket* full = test.Buckets + test.ProbeSequence(test.Hash(Numbered(numbers[0])))[0];
        TTuple both = Numbered(numbers[^1]);

        ref ushort passages = ref Bucket.PassagesOf(full, test.Hash(both));

        // Room for one passage, and a connection with itself makes two.
        passages = ushort.MaxValue - 1;
        Assert.Equal(InsertResult.ChainTooLong, test.Insert(both, both, out _, out _));
        Assert.Equal(ushort.MaxValue - 1, passages);
        passages = ushort.MaxValue - 2;
        Assert.Equal(InsertResult.Inserted, test.Insert(both, both, out uint index, out _));
        Assert.Equal(ushort.MaxValue, passages);
        Assert.Equal(index, test.Find(both).Index);
        Assert.True(test.Remove(index));
        Assert.Equal(ushort.MaxValue - 2, passages);
    }

    [Fact]
    public void A_connection_whose_two_tuples_want_the_last_place_of_a_bucket_takes_it_once_and_walks_on()
    {
        using TestTable<TTuple, TFamily> test = Made();
        uint[] numbers = SameWay(test, Places + 1);
        uint[] way = test.ProbeSequence(test.Hash(Numbered(numbers[0])));
        Array.ForEach(numbers[..(Bucket.Places - 1)], number => test.Insert(number));
        TTuple both = Numbered(numbers[^1]);
        Assert.Equal(InsertResult.Inserted, test.Insert(both, both, out uint index, out _));
        Assert.Equal(Bucket.Places, test.OccupiedIn(way[0]));
        Assert.Equal(1, test.OccupiedIn(way[1]));
        Assert.Equal(1, test.Buckets[way[0]].Overflowed);
        test.AssertConsistent();

        // With one place left in the whole stripe it takes neither.
        Assert.True(test.Remove(index));
        Array.ForEach(numbers[(Bucket.Places - 1)..(Places - 1)], number => test.Insert(number));
        Assert.Equal(InsertResult.ChainTooLong, test.Insert(both, both, out _, out _));
        Assert.Equal(Places - 1, way.Sum(test.OccupiedIn));
        test.AssertConsistent();
    }

    [Fact]
    public void The_walk_of_a_miss_ends_at_the_bound_in_a_stripe_that_is_full_beyond_it()
    {
        // Twice as many buckets as a walk may visit, all full, every counter telling to go on.
        using TestTable<TTuple, TFamily> test = new(new ConntrackSize(1000, 1, false) { Buckets = 2 * BucketArray.ProbesMax * Locks, Seed = 4 });
        Assert.Equal(BucketArray.ProbesMax, test.Probes);
        for (uint bucket = Stripe; bucket < test.Memory.BucketCount; bucket += Locks)
        {
            new Span<ushort>(test.Buckets[bucket].Tags, Bucket.Places).Fill(1);
            new Span<uint>(test.Buckets[bucket].References, Bucket.Places).Fill(2);
            new Span<ushort>(test.Buckets[bucket].Passages, Bucket.Classes).Fill(1);
        }

        uint number = Chosen(test, hash => hash % Locks == Stripe, 1)[0];
        Assert.True(test.Find(Numbered(number)).IsNone);
        Assert.Equal(InsertResult.ChainTooLong, test.Insert(Numbered(number), Inverted(number), out _, out _));
        Assert.Equal(0, test.LocksHeld());
    }

    private static TestTable<TTuple, TFamily> Made()
    {
        TestTable<TTuple, TFamily> test = new(new ConntrackSize(1000, 1, false) { Buckets = Buckets * Locks, Seed = 4 });
        Assert.Equal((uint)Buckets, test.Probes);
        return test;
    }

    /// <summary>Numbers whose originals visit the stripe's buckets in one order, and whose replies are of other stripes.</summary>
    private static uint[] SameWay(TestTable<TTuple, TFamily> test, int count)
    {
        // The key is the same in all tests, so they are looked for once.
        s_sameWay ??= Chosen(test, hash => hash % test.Memory.BucketCount == Stripe && (hash >> 32) % Buckets / 2 == 0, Places + 1);
        uint[] way = test.ProbeSequence(test.Hash(Numbered(s_sameWay[0])));
        Assert.All(s_sameWay, number => Assert.Equal(way, test.ProbeSequence(test.Hash(Numbered(number)))));
        return s_sameWay[..count];
    }

    private static uint[] Chosen(TestTable<TTuple, TFamily> test, Predicate<ulong> wanted, int count)
    {
        List<uint> numbers = [];
        Dictionary<ulong, int> replies = [];
        for (uint number = 0; numbers.Count < count; number++)
        {
            if (!wanted(test.Hash(Numbered(number))))
            {
                continue;
            }

            // Replies overflow nowhere, so that all passages are those of the originals.
            ulong reply = test.Hash(Inverted(number)) % test.Memory.BucketCount;
            int there = replies.GetValueOrDefault(reply);
            if (reply % Locks != Stripe && there < Bucket.Places)
            {
                replies[reply] = there + 1;
                numbers.Add(number);
            }
        }

        return [.. numbers];
    }

    private static void AssertPassages(TestTable<TTuple, TFamily> test, uint[] way, int count)
    {
        for (int position = 0; position < way.Length; position++)
        {
            Assert.Equal(Math.Clamp(count - position * Bucket.Places, 0, Bucket.Places), test.OccupiedIn(way[position]));
            Assert.Equal(Math.Max(0, count - (position + 1) * Bucket.Places), test.Buckets[way[position]].Overflowed);
        }
    }
}

public sealed class Ipv4OverflowTests : OverflowTests<Ipv4Tuple, Ipv4Family>;

public sealed class Ipv6OverflowTests : OverflowTests<Ipv6Tuple, Ipv6Family>;
