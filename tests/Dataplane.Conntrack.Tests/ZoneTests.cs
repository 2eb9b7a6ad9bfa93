using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>The zone is part of the key: equal addresses in different zones are different connections, at no cost.</summary>
[Trait("Category", "Portable")]
public abstract unsafe class ZoneTests<TTuple, TFamily>
    where TTuple : unmanaged
    where TFamily : ITupleFamily<TTuple>
{
    private const int ZoneCount = 2000;

    private static TTuple InZone(TTuple tuple, int zone) => TestTable<TTuple, TFamily>.InZone(tuple, (ushort)zone);

    [Fact]
    public void The_same_tuple_in_2000_zones_is_2000_connections()
    {
        using TestTable<TTuple, TFamily> test = new(new ConntrackSize(4 * ZoneCount, 1, false) { Seed = 1 });
        TTuple original = TFamily.Numbered(77);
        TTuple reply = TFamily.Inverted(original);
        uint[] indexes = new uint[ZoneCount];
        for (int zone = 0; zone < ZoneCount; zone++)
        {
            Assert.Equal(
                InsertResult.Inserted,
                test.Insert(InZone(original, zone), InZone(reply, zone), out indexes[zone], out _));
        }

        test.AssertConsistent();
        Assert.Equal(ZoneCount, new HashSet<uint>(indexes).Count);
        for (int zone = 0; zone < ZoneCount; zone++)
        {
            Assert.Equal(new EntryReference(indexes[zone], Direction.Original), test.Find(InZone(original, zone)));
            Assert.Equal(new EntryReference(indexes[zone], Direction.Reply), test.Find(InZone(reply, zone)));
        }

        // In the zone where it is, and in that one only, it clashes, expires and ends.
        Assert.True(test.Find(InZone(original, ZoneCount)).IsNone);
        Assert.Equal(
            InsertResult.OriginalExists,
            test.Insert(InZone(original, 9), InZone(reply, ZoneCount), out _, out EntryReference existing));
        Assert.Equal(indexes[9], existing.Index);
        Assert.True(test.Remove(indexes[9]));
        for (int zone = 0; zone < ZoneCount; zone++)
        {
            Assert.Equal(zone == 9, test.Find(InZone(original, zone)).IsNone);
        }
    }

    [Fact]
    public void Equal_tuples_in_many_zones_overflow_no_more_than_random_ones()
    {
        // Over three keys, so that what is left of chance is a few hundredths.
        long zoned = 0;
        long random = 0;
        for (ulong seed = 1; seed <= 3; seed++)
        {
            (long zonedPart, long randomPart) = Passages(seed);
            zoned += zonedPart;
            random += randomPart;
        }

        Assert.True(random > 6000, "the tables are too empty to compare anything");
        Assert.InRange(zoned, 0, random * 1.15);
    }

    /// <summary>Passages of 21 connections, each in all zones, and of as many random ones, at two thirds of the places.</summary>
    private static (long Zoned, long Random) Passages(ulong seed)
    {
        const int tuples = 21;
        ConntrackSize size = new(tuples * ZoneCount, 1, false) { Buckets = 16384, Seed = seed };
        using TestTable<TTuple, TFamily> zoned = new(size);
        using TestTable<TTuple, TFamily> random = new(size);
        Random source = new((int)seed);
        for (int number = 0; number < tuples * ZoneCount; number++)
        {
            TTuple tuple = TFamily.Numbered((uint)number % tuples);
            Assert.Equal(
                InsertResult.Inserted,
                zoned.Insert(InZone(tuple, number / tuples), InZone(TFamily.Inverted(tuple), number / tuples), out _, out _));
            Assert.Equal(InsertResult.Inserted, random.Insert(Drawn(source), Drawn(source), out _, out _));
        }

        return (Passages(zoned), Passages(random));
    }

    [Fact]
    public void A_connection_counts_for_the_zone_of_its_original_tuple()
    {
        using TestTable<TTuple, TFamily> test = new(new ConntrackSize(100, 1, false)
        {
            Zones = [new ZoneLimit(5, 2), new ZoneLimit(6, 2)],
            Seed = 1,
        });
        uint index = 0;
        for (uint number = 0; number < 2; number++)
        {
            TTuple original = TFamily.Numbered(number);
            Assert.Equal(InsertResult.Inserted, test.Insert(InZone(original, 5), InZone(TFamily.Inverted(original), 6), out index, out _));
        }

        Assert.Equal(2, test.Memory.ZoneEntries(5));
        Assert.Equal(0, test.Memory.ZoneEntries(6));
        Assert.Equal(0u, test.Build(InZone(TFamily.Numbered(3), 5), InZone(TFamily.Numbered(3), 6)));
        Assert.Equal(1ul, test.Memory.ZoneRefused(5));
        Assert.Equal(0ul, test.Memory.ZoneRefused(6));
        Assert.True(test.Remove(index));
        Assert.Equal(1, test.Memory.ZoneEntries(5));
        Assert.Equal(0, test.Memory.ZoneEntries(6));
        uint built = test.Build(InZone(TFamily.Numbered(3), 5), InZone(TFamily.Numbered(3), 6));
        test.Table->Abandon(test.Memory.Slot(0), built);
        Assert.Equal(1, test.Memory.ZoneEntries(5));
    }

    [Fact]
    public void A_zone_at_its_limit_leaves_room_for_the_others()
    {
        using TestTable<TTuple, TFamily> test = new(new ConntrackSize(1000, 1, false) { Zones = [new ZoneLimit(5, 600)], Seed = 1 });
        uint opened = 0;
        while (test.Build(InZone(TFamily.Numbered(opened), 5), InZone(TFamily.Numbered(opened), 5)) != 0)
        {
            opened++;
        }

        Assert.Equal(600u, opened);
        for (uint number = 0; number < 400; number++)
        {
            test.Insert(number);
        }

        Assert.Equal(0u, test.Build(TFamily.Numbered(400), TFamily.Numbered(400)));
    }

    private static TTuple Drawn(Random source)
    {
        TTuple tuple = default;
        source.NextBytes(MemoryMarshal.AsBytes(new Span<TTuple>(ref tuple)));
        return tuple;
    }

    /// <summary>Buckets that all tuples together pass on the way to their places: what lookups read beyond the first.</summary>
    private static long Passages(TestTable<TTuple, TFamily> test)
    {
        long passages = 0;
        for (uint bucket = 0; bucket < test.Memory.BucketCount; bucket++)
        {
            passages += test.Buckets[bucket].Overflowed;
        }

        return passages;
    }
}

public sealed class Ipv4ZoneTests : ZoneTests<Ipv4Tuple, Ipv4Family>;

public sealed class Ipv6ZoneTests : ZoneTests<Ipv6Tuple, Ipv6Family>;
