using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

public sealed class Ipv4BurstTests : BurstTests<Ipv4Tuple, Ipv4Family>;

public sealed class Ipv6BurstTests : BurstTests<Ipv6Tuple, Ipv6Family>;

/// <summary>A look-up of a burst finds what the complete search of each tuple finds.</summary>
[Trait("Category", "Portable")]
public abstract unsafe class BurstTests<TTuple, TFamily>
    where TTuple : unmanaged
    where TFamily : ITupleFamily<TTuple>
{
    [Theory]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(128)]
    [InlineData(256)]
    public void A_burst_finds_what_single_searches_find(int burst)
    {
        // More connections than the table is made for: overflow is the rule.
        using TestTable<TTuple, TFamily> test = Crowded();
        AssertBursts(test, burst, new Random(burst));
    }

    [Fact]
    public void A_burst_finds_everything_at_every_step_of_a_resize()
    {
        using TestTable<TTuple, TFamily> test = Crowded();
        var random = new Random(7);
        foreach (uint buckets in (uint[])[4 * Buckets, 2 * Buckets, 8 * Buckets])
        {
            Assert.Equal(ResizeStart.Begun, test.Memory.Begin(buckets));
            while (test.Table->IsResizing)
            {
                AssertBursts(test, 128, random);
                for (int steps = 0; steps < Math.Max(1, (int)Buckets / 256); steps++)
                {
                    test.Table->MoveStep();
                }
            }

            Assert.True(test.Memory.FinishResize());
        }

        AssertBursts(test, 128, random);
    }

    [Fact]
    public void A_burst_leaves_out_what_has_expired_and_what_is_dying()
    {
        using TestTable<TTuple, TFamily> test = new(100);
        uint gone = test.Insert(1);
        test.Insert(2, deadline: TestTable<TTuple, TFamily>.Now);
        uint stays = test.Insert(3);
        Assert.True(test.Remove(gone));
        uint[] references = Find(test, [TFamily.Numbered(1), TFamily.Numbered(2), TFamily.Numbered(3), TFamily.Numbered(4)], out int found);
        Assert.Equal(1, found);
        Assert.Equal([0u, 0u, new EntryReference(stays, Direction.Original).Value, 0u], references);
    }

    /// <summary>Two buckets a stripe, or with few stripes sixteen.</summary>
    private static uint Buckets => StripeLocks.Count == 1024 ? 2048u : 128u;

    /// <summary>Fill 73 % of the places.</summary>
    private static uint Entries => Buckets * 3 - Buckets / 16;

    private static TestTable<TTuple, TFamily> Crowded()
    {
        TestTable<TTuple, TFamily> test = new(new ConntrackSize(Entries, 1, false) { Buckets = Buckets, Seed = 11 });
        int refused = 0;
        for (uint number = 0; number < Entries; number++)
        {
            TTuple tuple = TFamily.Numbered(number);
            refused += test.Insert(tuple, TFamily.Inverted(tuple), out _, out _) == InsertResult.Inserted ? 0 : 1;
        }

        Assert.True(refused < Entries / 10);
        Assert.Contains(Enumerable.Range(0, (int)test.Memory.BucketCount), bucket => test.Buckets[bucket].Overflowed > 0);
        return test;
    }

    private static void AssertBursts(TestTable<TTuple, TFamily> test, int burst, Random random)
    {
        int hits = 0;
        for (int round = 0; round < 20; round++)
        {
            TTuple[] tuples = new TTuple[burst];
            for (int position = 0; position < burst; position++)
            {
                TTuple tuple = TFamily.Numbered((uint)random.Next((int)Entries * 5 / 4));
                tuples[position] = random.Next(2) == 0 ? tuple : TFamily.Inverted(tuple);
            }

            uint[] references = Find(test, tuples, out int found);
            Assert.Equal(tuples.Select(tuple => test.Find(tuple).Value), references);
            Assert.Equal(references.Count(reference => reference != 0), found);
            hits += found;
        }

        Assert.InRange(hits, 1, 20 * burst);
    }

    private static uint[] Find(TestTable<TTuple, TFamily> test, TTuple[] tuples, out int found)
    {
        uint[] references = new uint[tuples.Length];
        ulong[] hashes = Array.ConvertAll(tuples, test.Hash);
        fixed (TTuple* tuple = tuples)
        fixed (ulong* hash = hashes)
        fixed (uint* reference = references)
        {
            TupleArrays<TTuple> burst = new() { Tuples = tuple, Hashes = hash, References = reference };
            found = test.Table->FindBurst(burst, tuples.Length, TestTable<TTuple, TFamily>.Now, test.Memory.Slot(0));
        }

        return references;
    }
}
