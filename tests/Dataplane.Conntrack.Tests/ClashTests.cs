using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>What an insertion finds in its way: a live connection decides, an ended one gives way, and one that another worker is
/// removing is waited for, but not for ever.</summary>
[Trait("Category", "Portable")]
public abstract unsafe class ClashTests<TTuple, TFamily>
    where TTuple : unmanaged
    where TFamily : ITupleFamily<TTuple>
{
    private const uint Now = TestTable<TTuple, TFamily>.Now;

    private static TTuple Numbered(uint number) => TFamily.Numbered(number);

    private static TTuple Inverted(uint number) => TFamily.Inverted(TFamily.Numbered(number));

    [Fact]
    public void The_loser_of_an_equal_original_tuple_is_told_the_winner_and_gives_everything_back()
    {
        using TestTable<TTuple, TFamily> test = new(2, workers: 2);
        uint winner = test.Insert(1);
        for (uint round = 0; round < 100; round++)
        {
            InsertResult result = test.Insert(Numbered(1), Inverted(100 + round), out _, out EntryReference existing, worker: 1);
            Assert.Equal(InsertResult.OriginalExists, result);
            Assert.Equal(new EntryReference(winner, Direction.Original), existing);
            Assert.True(test.Find(Inverted(100 + round)).IsNone);
        }

        Assert.Equal(100ul, test.Memory.Counters().ClashResolve);
        Assert.Equal(0ul, test.Memory.Counters().InsertFailed);
        Assert.Equal(0, test.Memory.UnconfirmedCount());
        test.Insert(2);
        test.AssertConsistent();
    }

    [Fact]
    public void An_original_that_is_the_translated_reply_of_another_adopts_that_one_in_its_reply_direction()
    {
        // 1 is translated to 5, and the packet of the outer host comes from 5's far end: it belongs to the connection.
        using TestTable<TTuple, TFamily> test = new(10);
        Assert.Equal(InsertResult.Inserted, test.Insert(Numbered(1), Inverted(5), out uint winner, out _));
        Assert.Equal(InsertResult.OriginalExists, test.Insert(Inverted(5), Numbered(5), out _, out EntryReference existing));
        Assert.Equal(new EntryReference(winner, Direction.Reply), existing);
        Assert.Equal(1ul, test.Memory.Counters().ClashResolve);
        Assert.Equal(InsertResult.Inserted, test.Insert(Inverted(1), Numbered(1 + 100), out _, out _));
        test.AssertConsistent();
    }

    [Fact]
    public void An_equal_reply_tuple_alone_is_never_adopted_and_another_port_succeeds()
    {
        using TestTable<TTuple, TFamily> test = new(10);
        Assert.Equal(InsertResult.Inserted, test.Insert(Numbered(1), Inverted(5), out uint winner, out _));
        uint index = test.Build(Numbered(2), Inverted(5));
        Assert.Equal(InsertResult.ReplyExists, test.Table->Insert(test.Memory.Slot(0), index, Now, out EntryReference existing));
        Assert.Equal(new EntryReference(winner, Direction.Reply), existing);
        Assert.Equal(EntryFlags.None, test.Word(index).Flags);
        Assert.Equal(1u, test.Head(index)->Generation & 1);
        Assert.True(test.Find(Numbered(2)).IsNone);

        // The entry is still the caller's: it writes another reply tuple and tries again.
        *Entry<TTuple>.Tuple(test.Table->EntryAt(index), Direction.Reply) = Inverted(6);
        Assert.Equal(InsertResult.Inserted, test.Table->Insert(test.Memory.Slot(0), index, Now, out existing));
        Assert.True(existing.IsNone);
        Assert.Equal(new EntryReference(index, Direction.Original), test.Find(Numbered(2)));
        Assert.Equal(new EntryReference(index, Direction.Reply), test.Find(Inverted(6)));
        Assert.Equal(new EntryReference(winner, Direction.Reply), test.Find(Inverted(5)));
        Assert.Equal(1ul, test.Memory.Counters().InsertFailed);
        Assert.Equal(0ul, test.Memory.Counters().ClashResolve);
        test.AssertConsistent();
    }

    [Fact]
    public void A_reply_that_is_anothers_original_is_a_clash_of_the_reply()
    {
        using TestTable<TTuple, TFamily> test = new(10);
        uint winner = test.Insert(1);
        Assert.Equal(InsertResult.ReplyExists, test.Insert(Numbered(2), Numbered(1), out _, out EntryReference existing));
        Assert.Equal(new EntryReference(winner, Direction.Original), existing);
        test.AssertConsistent();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_ended_connection_in_the_way_is_removed_and_counted(bool originalInTheWay)
    {
        using TestTable<TTuple, TFamily> test = new(10);
        uint corpse = test.Insert(1, deadline: Now);
        test.Insert(7);
        InsertResult result = originalInTheWay
            ? test.Insert(Numbered(1), Inverted(2), out uint index, out EntryReference existing)
            : test.Insert(Numbered(2), Inverted(1), out index, out existing);
        Assert.Equal(InsertResult.Inserted, result);
        Assert.True(existing.IsNone);
        Assert.NotEqual(corpse, index);
        Assert.False(test.Word(corpse).IsLive);
        Assert.Equal(index, test.Find(originalInTheWay ? Numbered(1) : Inverted(1)).Index);
        Assert.True(test.Find(originalInTheWay ? Inverted(1) : Numbered(1)).IsNone);
        Assert.Equal(1ul, test.Memory.Counters().Expired);
        Assert.Equal(1ul, test.Memory.Counters().Delete);
        Assert.Equal(0ul, test.Memory.Counters().ClashResolve);
        Assert.Equal(0ul, test.Memory.Counters().InsertFailed);
        Assert.Equal(1, test.Memory.DyingCount());
        test.AssertConsistent();
    }

    [Fact]
    public void Behind_an_ended_original_a_live_reply_still_decides()
    {
        using TestTable<TTuple, TFamily> test = new(10);
        uint corpse = test.Insert(1, deadline: Now);
        uint live = test.Insert(2);
        Assert.Equal(InsertResult.ReplyExists, test.Insert(Numbered(1), Inverted(2), out _, out EntryReference existing));
        Assert.Equal(new EntryReference(live, Direction.Reply), existing);
        Assert.False(test.Word(corpse).IsLive);
        Assert.Equal(1ul, test.Memory.Counters().InsertFailed);
        Assert.Equal(1ul, test.Memory.Counters().Expired);
        test.AssertConsistent();
    }

    [Fact]
    public void Ended_connections_in_the_way_make_room_in_full_stripes()
    {
        // Its own predecessor's places are what the insertion then takes.
        using TestTable<TTuple, TFamily> test = new(new ConntrackSize(100, 1, false) { Buckets = (uint)StripeLocks.Count, Seed = 2 });
        Assert.Equal(1u, test.Probes);
        uint[] numbers = test.NumbersWhere(hash => hash % StripeLocks.Count == 1, 1);
        uint corpse = test.Insert(numbers[0], deadline: Now);
        for (uint number = numbers[0] + 1; test.OccupiedIn(1) < Bucket.Places; number++)
        {
            if (test.Hash(Numbered(number)) % StripeLocks.Count == 1 && test.Hash(Inverted(number)) % StripeLocks.Count != 1)
            {
                test.Insert(number);
            }
        }

        Assert.Equal(InsertResult.Inserted, test.Insert(Numbered(numbers[0]), Inverted(numbers[0]), out uint successor, out _));
        Assert.NotEqual(corpse, successor);
        Assert.Equal(Bucket.Places, test.OccupiedIn(1));
        test.AssertConsistent();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_connection_that_another_worker_never_finishes_removing_is_waited_for_within_bounds(bool originalInTheWay)
    {
        using TestTable<TTuple, TFamily> test = new(10, workers: 2);
        uint dying = test.Insert(1, worker: 1);
        StateWord before = test.Word(dying);

        // Worker 1 has won the removal and lost its processor.
        test.Head(dying)->State = before.With(EntryFlags.Dying).Value;
        TTuple original = Numbered(originalInTheWay ? 1u : 2);
        TTuple reply = Inverted(originalInTheWay ? 2u : 1);
        uint index = test.Build(original, reply);
        Assert.Equal(InsertResult.Busy, test.Table->Insert(test.Memory.Slot(0), index, Now, out EntryReference existing));
        Assert.True(existing.IsNone);
        Assert.Equal(1ul, test.Memory.Counters().InsertFailed);
        Assert.Equal(0ul, test.Memory.Counters().ClashResolve);
        Assert.Equal(0ul, test.Memory.Counters().Expired);
        Assert.Equal(0, test.LocksHeld());
        Assert.Equal(2, test.OccupiedPlaces());

        // Worker 1 goes on: now there is nothing in the way.
        test.Head(dying)->State = before.Value;
        Assert.True(test.Remove(dying, worker: 1));
        Assert.Equal(InsertResult.Inserted, test.Table->Insert(test.Memory.Slot(0), index, Now, out _));
        Assert.Equal(index, test.Find(original).Index);
        test.AssertConsistent();
    }

    [Fact]
    public void An_ended_connection_stays_in_the_way_of_a_worker_that_cannot_retire_any_more()
    {
        using TestTable<TTuple, TFamily> test = new(10, workers: 2);
        test.Table->Quiescence->GoOnline(1);
        for (uint number = 0; number < RetireRing.Capacity; number++)
        {
            Assert.True(test.Remove(test.Insert(number)));
        }

        uint corpse = test.Insert(1, deadline: Now);
        Assert.Equal(InsertResult.Busy, test.Insert(Numbered(1), Inverted(1), out _, out _));
        Assert.Equal(1ul, test.Memory.Counters().InsertFailed);
        Assert.True(test.Word(corpse).IsLive);
        test.QuiesceAll();
        Assert.Equal(InsertResult.Inserted, test.Insert(Numbered(1), Inverted(1), out _, out _));
        test.AssertConsistent();
    }

    [Fact]
    public void A_connection_that_is_refreshed_in_time_is_in_the_way_again()
    {
        using TestTable<TTuple, TFamily> test = new(10);
        uint index = test.Insert(1, deadline: Now);
        test.Head(index)->State = new StateWord(Now + 1, ConnectionState.TcpEstablished, 0, EntryFlags.Confirmed).Value;
        Assert.Equal(InsertResult.OriginalExists, test.Insert(Numbered(1), Inverted(1), out _, out EntryReference existing));
        Assert.Equal(index, existing.Index);
    }
}

public sealed class Ipv4ClashTests : ClashTests<Ipv4Tuple, Ipv4Family>;

public sealed class Ipv6ClashTests : ClashTests<Ipv6Tuple, Ipv6Family>;
