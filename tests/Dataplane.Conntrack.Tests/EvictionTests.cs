using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>Making room: an eviction loses against every packet that changed the connection since it was chosen.</summary>
[Trait("Category", "Portable")]
public sealed unsafe class EvictionTests
{
    private const uint Now = TestTable<Ipv4Tuple, Ipv4Family>.Now;

    /// <summary>What a packet can do to the word between the judgement and the eviction.</summary>
    public static TheoryData<string, uint, ConnectionState, EntryFlags> Changes => new()
    {
        { "refreshed", Now + 21, ConnectionState.UdpUnreplied, EntryFlags.Confirmed },
        { "answered", Now + 20, ConnectionState.UdpReplied, EntryFlags.Confirmed | EntryFlags.SeenReply },
        { "assured", Now + 20, ConnectionState.UdpUnreplied, EntryFlags.Confirmed | EntryFlags.Assured },
        { "closed", Now + 1, ConnectionState.TcpClose, EntryFlags.Confirmed },
        { "dying", Now + 20, ConnectionState.UdpUnreplied, EntryFlags.Confirmed | EntryFlags.Dying },
    };

    [Fact]
    public void An_entry_that_nothing_assured_is_evicted_and_counted()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(10);
        uint index = Unreplied(test, 1);
        Assert.True(test.Table->TryEvict(test.Memory.Slot(0), index, test.Word(index)));
        Assert.True(test.Find(Ipv4Family.Numbered(1)).IsNone);
        Assert.True(test.Find(Ipv4Family.Numbered(1).Inverted).IsNone);
        Assert.Equal(1ul, test.Memory.Counters().EarlyDrop);
        Assert.Equal(1ul, test.Memory.Counters().Delete);
        Assert.Equal(0ul, test.Memory.Counters().Expired);
        test.AssertConsistent();
    }

    [Theory]
    [InlineData(EntryFlags.Assured)]
    [InlineData(EntryFlags.Assured | EntryFlags.SeenReply)]
    public void An_assured_entry_is_not_evicted(EntryFlags flags)
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(10);
        uint index = Unreplied(test, 1);
        test.Head(index)->State = test.Word(index).With(flags).Value;
        Assert.False(test.Table->TryEvict(test.Memory.Slot(0), index, test.Word(index)));
        Assert.Equal(index, test.Find(Ipv4Family.Numbered(1)).Index);
        AssertNothingCounted(test);
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public void An_entry_that_changed_after_it_was_chosen_is_not_evicted(
        string change, uint deadline, ConnectionState state, EntryFlags flags)
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(10);
        uint index = Unreplied(test, 1);
        StateWord judged = test.Word(index);
        StateWord changed = new(deadline, state, 0, flags);
        test.Head(index)->State = changed.Value;
        Assert.False(test.Table->TryEvict(test.Memory.Slot(0), index, judged), change);
        Assert.Equal(changed.Value, test.Word(index).Value);
        Assert.Equal(2, test.OccupiedPlaces());
        AssertNothingCounted(test);
    }

    [Fact]
    public void Only_one_of_two_workers_evicts_an_entry()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(10, workers: 2);
        uint index = Unreplied(test, 1);
        StateWord judged = test.Word(index);
        Assert.True(test.Table->TryEvict(test.Memory.Slot(1), index, judged));
        Assert.False(test.Table->TryEvict(test.Memory.Slot(0), index, judged));
        Assert.False(test.Table->TryEvict(test.Memory.Slot(0), index, test.Word(index)));
        Assert.Equal(1ul, test.Memory.Counters().EarlyDrop);
        Assert.Equal(1ul, test.Memory.Counters().Delete);
    }

    [Fact]
    public void An_entry_that_is_being_built_is_not_evicted()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(10);
        uint index = test.Build(Ipv4Family.Numbered(1), Ipv4Family.Numbered(1).Inverted);
        Assert.False(test.Table->TryEvict(test.Memory.Slot(0), index, test.Word(index)));
        AssertNothingCounted(test);
    }

    [Fact]
    public void A_full_table_takes_a_new_connection_for_each_that_is_evicted()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(10);
        uint[] open = new uint[10];
        for (uint number = 0; number < 10; number++)
        {
            open[number] = Unreplied(test, number);
        }

        for (uint number = 10; number < 60; number++)
        {
            Assert.Equal(0u, test.Build(Ipv4Family.Numbered(number), Ipv4Family.Numbered(number).Inverted));
            uint victim = open[number % 10];
            Assert.True(test.Table->TryEvict(test.Memory.Slot(0), victim, test.Word(victim)));
            open[number % 10] = Unreplied(test, number);
        }

        Assert.Equal(50ul, test.Memory.Counters().EarlyDrop);
        Assert.Equal(50ul, test.Memory.Counters().TableFull);
        Assert.Equal(10, test.Memory.Count());
        test.AssertConsistent();
    }

    [Fact]
    public void With_as_many_waiting_for_their_grace_period_as_may_nothing_is_evicted_until_it_has_passed()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(10, workers: 2);
        test.Table->Quiescence->GoOnline(1);
        for (uint number = 0; number < RetireRing.Capacity; number++)
        {
            Assert.True(test.Remove(test.Insert(number)));
            test.Table->Quiescence->Quiescent(0);
            test.Table->Reclaim(test.Memory.Slot(0));
        }

        Assert.Equal(RetireRing.Capacity, test.Memory.DyingCount());
        uint index = Unreplied(test, 1);
        Assert.False(test.Table->TryEvict(test.Memory.Slot(0), index, test.Word(index)));
        Assert.True(test.Word(index).IsLive);
        AssertNothingCounted(test, RetireRing.Capacity);
        test.QuiesceAll();
        Assert.True(test.Table->TryEvict(test.Memory.Slot(0), index, test.Word(index)));
    }

    private static uint Unreplied(TestTable<Ipv4Tuple, Ipv4Family> test, uint number)
    {
        uint index = test.Insert(number);
        test.Head(index)->State = new StateWord(Now + 20, ConnectionState.UdpUnreplied, 0, EntryFlags.Confirmed).Value;
        return index;
    }

    private static void AssertNothingCounted(TestTable<Ipv4Tuple, Ipv4Family> test, ulong deletedBefore = 0)
    {
        Assert.Equal(0ul, test.Memory.Counters().EarlyDrop);
        Assert.Equal(deletedBefore, test.Memory.Counters().Delete);
    }
}
