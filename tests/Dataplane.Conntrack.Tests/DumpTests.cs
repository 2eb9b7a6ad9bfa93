using System.Collections.Generic;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>A listing shows every live entry once, whole, and nothing else.</summary>
[Trait("Category", "Portable")]
public sealed unsafe class DumpTests
{
    [Theory]
    [InlineData(1u)]
    [InlineData(7u)]
    [InlineData(100_000u)]
    public void Every_live_entry_is_shown_once_however_the_walk_is_cut(uint scanMax)
    {
        using TestTable<Ipv6Tuple, Ipv6Family> test = new(500);
        var expected = new Dictionary<uint, uint>();
        for (uint number = 0; number < 500; number++)
        {
            uint index = test.Insert(number, deadline: number % 5 == 0 ? 1000u : 3000u);
            Entry<Ipv6Tuple>.Head(test.Table->EntryAt(index))->Mark = number;
            if (number % 5 != 0)
            {
                expected.Add(index, number);
            }
        }

        foreach (KeyValuePair<uint, uint> entry in new Dictionary<uint, uint>(expected))
        {
            if (entry.Value % 3 == 0)
            {
                Assert.True(test.Remove(entry.Key));
                expected.Remove(entry.Key);
            }
        }

        test.Build(Ipv6Family.Numbered(9999), Ipv6Family.Numbered(9999).Inverted);
        foreach ((uint index, Ipv6Tuple original, uint mark) in Walk(test, scanMax))
        {
            Assert.True(expected.Remove(index, out uint number), $"entry {index} was shown twice or is not live");
            Assert.Equal(number, mark);
            Assert.Equal(Ipv6Family.Numbered(number), original);
        }

        Assert.Empty(expected);
    }

    [Fact]
    public void Entries_that_stay_are_shown_once_while_others_come_and_go_during_the_walk()
    {
        using TestTable<Ipv6Tuple, Ipv6Family> test = new(1000);
        var staying = new HashSet<uint>();
        var leaving = new Queue<uint>();
        for (uint number = 0; number < 400; number++)
        {
            uint index = test.Insert(number);
            if (number % 2 == 0)
            {
                staying.Add(index);
            }
            else
            {
                leaving.Enqueue(index);
            }
        }

        var seen = new HashSet<uint>();
        uint fresh = 1000;
        foreach ((uint index, _, _) in Walk(test, 8))
        {
            Assert.True(seen.Add(index));
            if (leaving.TryDequeue(out uint gone))
            {
                Assert.True(test.Remove(gone));
                test.QuiesceAll();
                test.Insert(fresh++);
            }
        }

        Assert.Subset(seen, staying);
    }

    [Fact]
    public void An_empty_table_ends_at_once()
    {
        using TestTable<Ipv6Tuple, Ipv6Family> test = new(10);
        byte* copy = stackalloc byte[Entry<Ipv6Tuple>.SizeBytes];
        uint cursor = 0;
        Assert.Equal(0u, test.Table->CopyNext(ref cursor, 1000, uint.MaxValue, copy));
        Assert.Equal(test.Memory.EntryCount, cursor);
    }

    private static List<(uint Index, Ipv6Tuple Original, uint Mark)> WalkPart(
        TestTable<Ipv6Tuple, Ipv6Family> test, ref uint cursor, uint scanMax)
    {
        byte* copy = stackalloc byte[Entry<Ipv6Tuple>.SizeBytes];
        uint index = test.Table->CopyNext(ref cursor, 1000, scanMax, copy);
        return index == 0 ? [] : [(index, *Entry<Ipv6Tuple>.Tuple(copy, Direction.Original), Entry<Ipv6Tuple>.Head(copy)->Mark)];
    }

    private static IEnumerable<(uint Index, Ipv6Tuple Original, uint Mark)> Walk(TestTable<Ipv6Tuple, Ipv6Family> test, uint scanMax)
    {
        uint cursor = 0;
        while (cursor < test.Memory.EntryCount)
        {
            foreach ((uint Index, Ipv6Tuple Original, uint Mark) entry in WalkPart(test, ref cursor, scanMax))
            {
                yield return entry;
            }
        }
    }
}
