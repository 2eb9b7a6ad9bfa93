using System.Collections.Generic;
using System.Linq;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>One worker, one step at a time: insertion, lookup, clashes, expiry and removal.</summary>
[Trait("Category", "Portable")]
public abstract class TableTests<TTuple, TFamily>
    where TTuple : unmanaged
    where TFamily : ITupleFamily<TTuple>
{
    private const uint Now = TestTable<TTuple, TFamily>.Now;

    private static TTuple Numbered(uint number) => TFamily.Numbered(number);

    private static TTuple Inverted(uint number) => TFamily.Inverted(TFamily.Numbered(number));

    [Fact]
    public void An_entry_is_found_by_both_its_tuples_and_each_tells_its_direction()
    {
        using TestTable<TTuple, TFamily> test = new(100);
        Assert.Equal(InsertResult.Inserted, test.Insert(Numbered(1), Inverted(2), out uint index, out EntryReference existing));
        Assert.True(existing.IsNone);
        Assert.Equal(new EntryReference(index, Direction.Original), test.Find(Numbered(1)));
        Assert.Equal(new EntryReference(index, Direction.Reply), test.Find(Inverted(2)));
        Assert.True(test.Find(Inverted(1)).IsNone);
        Assert.True(test.Find(Numbered(2)).IsNone);
        Assert.Equal(EntryFlags.Confirmed, test.Word(index).Flags);
        test.AssertConsistent();
    }

    [Fact]
    public void A_built_entry_is_invisible_until_it_is_inserted()
    {
        using TestTable<TTuple, TFamily> test = new(100);
        Assert.NotEqual(0u, test.Build(Numbered(1), Inverted(1)));
        Assert.True(test.Find(Numbered(1)).IsNone);
        Assert.Equal(0, test.OccupiedPlaces());
    }

    [Fact]
    public void The_same_original_tuple_is_refused_and_the_winner_named()
    {
        using TestTable<TTuple, TFamily> test = new(100);
        uint winner = test.Insert(1);
        Assert.Equal(InsertResult.OriginalExists, test.Insert(Numbered(1), Inverted(7), out _, out EntryReference existing));
        Assert.Equal(new EntryReference(winner, Direction.Original), existing);
        Assert.True(test.Find(Inverted(7)).IsNone);
        Assert.Equal(1ul, test.Memory.Counters().ClashResolve);
        Assert.Equal(0ul, test.Memory.Counters().InsertFailed);
        test.AssertConsistent();
    }

    [Fact]
    public void The_same_reply_tuple_is_refused_and_nothing_of_the_loser_stays()
    {
        using TestTable<TTuple, TFamily> test = new(100);
        uint winner = test.Insert(1);
        Assert.Equal(InsertResult.ReplyExists, test.Insert(Numbered(2), Inverted(1), out _, out EntryReference existing));
        Assert.Equal(new EntryReference(winner, Direction.Reply), existing);
        Assert.True(test.Find(Numbered(2)).IsNone);
        Assert.Equal(1ul, test.Memory.Counters().InsertFailed);
        test.AssertConsistent();
    }

    [Fact]
    public void An_original_tuple_that_is_anothers_reply_tuple_is_refused()
    {
        using TestTable<TTuple, TFamily> test = new(100);
        uint winner = test.Insert(1);
        Assert.Equal(InsertResult.OriginalExists, test.Insert(Inverted(1), Numbered(9), out _, out EntryReference existing));
        Assert.Equal(new EntryReference(winner, Direction.Reply), existing);
        Assert.Equal(InsertResult.ReplyExists, test.Insert(Numbered(9), Numbered(1), out _, out existing));
        Assert.Equal(new EntryReference(winner, Direction.Original), existing);
    }

    [Fact]
    public void With_both_tuples_taken_the_original_decides()
    {
        using TestTable<TTuple, TFamily> test = new(100);
        uint first = test.Insert(1);
        test.Insert(2);
        Assert.Equal(InsertResult.OriginalExists, test.Insert(Numbered(1), Inverted(2), out _, out EntryReference existing));
        Assert.Equal(first, existing.Index);
    }

    [Fact]
    public void A_connection_with_itself_is_inserted_found_and_removed()
    {
        // One tuple for both directions, as with equal addresses and ports: two places, one bucket.
        using TestTable<TTuple, TFamily> test = new(100);
        Assert.Equal(InsertResult.Inserted, test.Insert(Numbered(1), Numbered(1), out uint index, out _));
        Assert.Equal(index, test.Find(Numbered(1)).Index);
        test.AssertConsistent();
        Assert.True(test.Remove(index));
        Assert.True(test.Find(Numbered(1)).IsNone);
        test.AssertConsistent();
    }

    [Fact]
    public void A_removed_entry_is_found_by_neither_tuple_and_can_be_inserted_anew()
    {
        using TestTable<TTuple, TFamily> test = new(100);
        uint index = test.Insert(1);
        Assert.True(test.Remove(index));
        Assert.True(test.Find(Numbered(1)).IsNone);
        Assert.True(test.Find(Inverted(1)).IsNone);
        Assert.Equal(0, test.OccupiedPlaces());
        Assert.NotEqual(index, test.Insert(1));
        test.AssertConsistent();
    }

    [Fact]
    public unsafe void Only_the_first_of_two_removers_wins()
    {
        using TestTable<TTuple, TFamily> test = new(100, workers: 2);
        uint index = test.Insert(1);
        StateWord judged = test.Word(index);
        Assert.True(test.Table->TryRemove(test.Memory.Slot(1), index, judged));
        Assert.False(test.Table->TryRemove(test.Memory.Slot(0), index, judged));
        Assert.False(test.Table->TryRemove(test.Memory.Slot(0), index, test.Word(index)));
        Assert.Equal(1ul, test.Memory.Counters().Delete);
    }

    [Fact]
    public unsafe void An_entry_that_was_refreshed_after_it_was_judged_is_not_removed()
    {
        using TestTable<TTuple, TFamily> test = new(100);
        uint index = test.Insert(1, deadline: Now + 10);
        StateWord judged = test.Word(index);
        test.Head(index)->State = new StateWord(Now + 20, judged.State, 0, judged.Flags).Value;
        Assert.False(test.Table->TryRemove(test.Memory.Slot(0), index, judged));
        Assert.Equal(index, test.Find(Numbered(1)).Index);
    }

    [Fact]
    public void An_expired_entry_is_not_found_and_gives_way_to_its_successor()
    {
        using TestTable<TTuple, TFamily> test = new(100);
        uint expired = test.Insert(1, deadline: Now);
        Assert.True(test.Find(Numbered(1), Now).IsNone);
        Assert.Equal(expired, test.Find(Numbered(1), Now - 1).Index);
        uint successor = test.Insert(1);
        Assert.NotEqual(expired, successor);
        Assert.Equal(successor, test.Find(Numbered(1)).Index);
        Assert.Equal(1, test.Memory.Count());
        test.AssertConsistent();
    }

    [Fact]
    public void Two_expired_entries_that_hold_one_tuple_each_give_way_together()
    {
        using TestTable<TTuple, TFamily> test = new(100);
        test.Insert(1, deadline: Now);
        test.Insert(2, deadline: Now);
        Assert.Equal(InsertResult.Inserted, test.Insert(Numbered(1), Inverted(2), out uint index, out EntryReference existing));
        Assert.True(existing.IsNone);
        Assert.Equal(index, test.Find(Inverted(2)).Index);
        Assert.Equal(1, test.Memory.Count());
        test.AssertConsistent();
    }

    [Fact]
    public void What_an_insertion_clears_away_counts_as_expired()
    {
        using TestTable<TTuple, TFamily> test = new(100);
        test.Insert(1, deadline: Now);
        test.Insert(1);
        Assert.Equal(1ul, test.Memory.Counters().Delete);
        Assert.Equal(1ul, test.Memory.Counters().Expired);
    }

    [Fact]
    public unsafe void An_expired_entry_with_the_same_bucket_and_tag_hides_no_live_one()
    {
        // Two tuples that agree in bucket (10 bits) and tag (16 bits): among 2^15 tuples about eight pairs do.
        using TestTable<TTuple, TFamily> test = new(100);
        (uint first, uint second) = SamePlace(test);
        uint expired = test.Insert(first, deadline: Now);
        uint live = test.Insert(second);
        ulong hash = test.Hash(Numbered(second));
        Bucket* bucket = test.Table->View->Current.First(hash);

        // The bucket names both under one tag, and the expired one first; other tuples' places may stand between.
        uint places = Bucket.Match(bucket, TupleHash.Tag(hash));
        Assert.Equal(2, System.Numerics.BitOperations.PopCount(places));
        Assert.Equal(expired, bucket->References[System.Numerics.BitOperations.TrailingZeroCount(places)] >> 1);
        Assert.Equal(live, test.Find(Numbered(second)).Index);
        Assert.True(test.Find(Numbered(first)).IsNone);
        Assert.True(test.Remove(expired));
        Assert.Equal(live, test.Find(Numbered(second)).Index);
        test.AssertConsistent();
    }

    [Fact]
    public void A_full_bucket_overflows_along_the_probe_sequence_and_counts_who_passed()
    {
        using TestTable<TTuple, TFamily> test = new(200, bucketsMin: 4 * (uint)StripeLocks.Count);
        const int count = 2 * Bucket.Places + 1;
        uint[] numbers = test.NumbersWhere(hash => hash % test.Memory.BucketCount == 5, count);
        uint[] indexes = [.. numbers.Select(number => test.Insert(number))];
        test.AssertConsistent();
        Assert.Equal(Bucket.Places, test.OccupiedIn(5));
        for (int position = 0; position < count; position++)
        {
            Assert.Equal(indexes[position], test.Find(Numbered(numbers[position])).Index);
            Assert.Equal(indexes[position], test.Find(Inverted(numbers[position])).Index);
        }

        // Who overflowed stays where it is when its first bucket empties, and is found there.
        for (int position = 0; position < Bucket.Places; position++)
        {
            Assert.True(test.Remove(indexes[position]));
        }

        test.AssertConsistent();
        Assert.All(Enumerable.Range(Bucket.Places, count - Bucket.Places), position =>
            Assert.Equal(indexes[position], test.Find(Numbered(numbers[position])).Index));
        Assert.All(Enumerable.Range(Bucket.Places, count - Bucket.Places), position => Assert.True(test.Remove(indexes[position])));
        AssertNothingOverflowed(test);
    }

    [Fact]
    public unsafe void A_full_probe_sequence_refuses_the_next_and_leaves_nothing_of_it()
    {
        // Sixteen buckets a stripe: every sequence of a stripe visits all its buckets.
        const uint probes = BucketArray.ProbesMax;
        using TestTable<TTuple, TFamily> test = new(150, bucketsMin: probes * (uint)StripeLocks.Count);
        Assert.Equal(probes, test.Probes);
        uint stripe = (uint)StripeLocks.Count - 1;
        int filled = 0;
        uint number = 0;
        for (; ; number++)
        {
            bool isHere = test.Hash(Numbered(number)) % (uint)StripeLocks.Count == stripe;
            bool replyIsHere = test.Hash(Inverted(number)) % (uint)StripeLocks.Count == stripe;
            if (!isHere || replyIsHere)
            {
                continue;
            }

            if (filled++ == (int)probes * Bucket.Places)
            {
                break;
            }

            test.Insert(number);
        }

        test.AssertConsistent();
        Assert.Equal(InsertResult.ChainTooLong, test.Insert(Numbered(number), Inverted(number), out _, out EntryReference existing));
        Assert.True(existing.IsNone);
        Assert.Equal(1ul, test.Memory.Counters().ChainTooLong);
        Assert.Equal(1ul, test.Memory.Counters().InsertFailed);
        Assert.True(test.Find(Numbered(number)).IsNone);
        Assert.True(test.Find(Inverted(number)).IsNone);
        test.AssertConsistent();

        // The same the other way round: the original has room, the reply has none.
        Assert.Equal(InsertResult.ChainTooLong, test.Insert(Inverted(number), Numbered(number), out _, out _));
        Assert.True(test.Find(Inverted(number)).IsNone);
        test.AssertConsistent();

        // One place is enough.
        Assert.True(test.Remove(test.Find(Numbered(FirstHere(test, stripe))).Index));
        Assert.Equal(InsertResult.Inserted, test.Insert(Numbered(number), Inverted(number), out _, out _));
        test.AssertConsistent();
        RemoveAll(test);
        AssertNothingOverflowed(test);
    }

    private static uint FirstHere(TestTable<TTuple, TFamily> test, uint stripe)
    {
        uint number = 0;
        while (test.Hash(Numbered(number)) % (uint)StripeLocks.Count != stripe || test.Find(Numbered(number)).IsNone)
        {
            number++;
        }

        return number;
    }

    private static void RemoveAll(TestTable<TTuple, TFamily> test)
    {
        for (uint index = 1; index < test.Memory.EntryCount; index++)
        {
            if (test.Word(index).IsLive)
            {
                Assert.True(test.Remove(index));
            }
        }
    }

    private static unsafe void AssertNothingOverflowed(TestTable<TTuple, TFamily> test)
    {
        Assert.Equal(0, test.OccupiedPlaces());
        for (uint bucket = 0; bucket < test.Memory.BucketCount; bucket++)
        {
            Assert.Equal(0, test.Buckets[bucket].Overflowed);
        }
    }

    private static (uint First, uint Second) SamePlace(TestTable<TTuple, TFamily> test)
    {
        var seen = new Dictionary<(ulong Bucket, ushort Tag), uint>();
        for (uint number = 0; ; number++)
        {
            ulong hash = test.Hash(Numbered(number));
            if (!seen.TryAdd((hash % test.Memory.BucketCount, TupleHash.Tag(hash)), number))
            {
                return (seen[(hash % test.Memory.BucketCount, TupleHash.Tag(hash))], number);
            }
        }
    }
}

public sealed class Ipv4TableTests : TableTests<Ipv4Tuple, Ipv4Family>;

public sealed class Ipv6TableTests : TableTests<Ipv6Tuple, Ipv6Family>;
