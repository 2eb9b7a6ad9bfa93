using System;
using System.Globalization;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>The bytes that workers share: what stands where, and on which cache line.</summary>
[Trait("Category", "Portable")]
public sealed unsafe class LayoutTests
{
    /// <summary>Type, size, and every field as name@offset.</summary>
    public static TheoryData<Type, int, string> Layouts => new()
    {
        { typeof(Bucket), 64, "Tags@0 References@16 Passages@48" },
        { typeof(EntryHead), 32, "State@0 NextHopOriginal@8 NextHopReply@12 Rewrite@16 Mark@20 Generation@24 Side@28" },
        { typeof(EntryTail), 64, "PacketsOriginal@0 PacketsReply@8 BytesOriginal@16 BytesReply@24 Windows@32" },
        { typeof(BucketArray), 24, "Buckets@0 Mask@8 Probes@16" },
        { typeof(BucketView), 64, "Current@0 Previous@24 Number@48" },
        { typeof(ResizeState), 64 * 5, "Next@0 Done@4 Left@8 Passes@12 EndEpoch@16 Resizes@24 _first@64" },
        { typeof(IndexPool), 64, "_lock@0 _count@4 _stack@8" },
        { typeof(CreditPool), 64, "_credits@0 _max@8 _scarce@16" },
        { typeof(LimitTable), 128, "Global@0 Zones@64 Numbers@72 ZoneCount@80" },
        { typeof(ZoneShare), 16, "Refused@0 Credits@8" },
        { typeof(SideRecord), 64, "Next@0 Kind@4 Data@8" },
        { typeof(ArenaHeader), 64, "Magic@0 TupleBytes@8 EntryBytes@12 EntryCount@16" },
        { typeof(Quiescence), 64 * 65, "_epoch@0 _workers@8 _firstSeen@64" },
        { typeof(HashKey), 240, "Bytes@0" },
        { typeof(StateWord), 8, "Value@0" },
        { typeof(EntryReference), 4, "Value@0" },
        { typeof(TcpSide), 12, "End@0 MaxAck@4 Granted@8" },
        { typeof(TcpWindows), 32, "Original@0 Reply@12 RestartNext@24 Scales@28 Spans@29 Retransmissions@30 Unusual@30 Bits@31" },
        { typeof(SctpTags), 32, "Tags@0 Offered@8 Answered@16 Bits@31" },
        { typeof(TimeoutTable), 2048, "_seconds@0" },
    };

    [Theory]
    [MemberData(nameof(Layouts))]
    public void A_structure_has_its_documented_size_and_offsets(Type type, int sizeBytes, string fields)
    {
        int actualBytes = (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;
        Assert.Equal(sizeBytes, actualBytes);
        string actual = string.Join(' ', type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Select(field => (field.Name, Offset: (int)Marshal.OffsetOf(type, field.Name)))
            .OrderBy(field => field.Offset)
            .Select(field => string.Create(CultureInfo.InvariantCulture, $"{field.Name}@{field.Offset}")));
        Assert.Equal(fields, actual);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void A_size_constant_agrees_with_the_size(Type type, int sizeBytes, string fields)
    {
        _ = fields;
        Assert.Equal(sizeBytes, type.GetField("SizeBytes")?.GetRawConstantValue() ?? sizeBytes);
    }

    [Fact]
    public void An_IPv4_entry_is_two_cache_lines_and_its_first_holds_all_that_a_packet_without_accounting_needs()
    {
        byte* entry = (byte*)0x1000;
        Assert.Equal(128, Entry<Ipv4Tuple>.SizeBytes);
        Assert.Equal(0x1000, (long)Entry<Ipv4Tuple>.Tuple(entry, Direction.Original));
        Assert.Equal(0x1010, (long)Entry<Ipv4Tuple>.Tuple(entry, Direction.Reply));
        Assert.Equal(0x1020, (long)Entry<Ipv4Tuple>.Head(entry));
        Assert.Equal(0x1040, (long)Entry<Ipv4Tuple>.Tail(entry));
    }

    [Fact]
    public void An_IPv6_entry_is_three_cache_lines()
    {
        byte* entry = (byte*)0x1000;
        Assert.Equal(192, Entry<Ipv6Tuple>.SizeBytes);
        Assert.Equal(0x1028, (long)Entry<Ipv6Tuple>.Tuple(entry, Direction.Reply));
        Assert.Equal(0x1050, (long)Entry<Ipv6Tuple>.Head(entry));
        Assert.Equal(0x1080, (long)Entry<Ipv6Tuple>.Tail(entry));
    }

    [Fact]
    public void Everything_that_workers_share_starts_on_a_cache_line()
    {
        using TestTable<Ipv6Tuple, Ipv6Family> test = new(100, workers: 3);
        Assert.Equal(0, (long)test.Table->Entries % 64);
        Assert.Equal(0, (long)test.Buckets % 64);
        Assert.Equal(0, (long)test.Table->Key % 64);
        Assert.Equal(0, (long)test.Table->Quiescence % 64);
        Assert.Equal(0, (long)test.Memory.Pool % 64);
        Assert.Equal(0, (long)test.Private("_locks") % 64);
        for (int worker = 0; worker < 3; worker++)
        {
            Assert.Equal(0, (long)test.Memory.Slot(worker) % 128);
        }
    }

    [Fact]
    public void The_parts_of_a_table_do_not_overlap()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(100, workers: 2);
        (long Start, long Bytes)[] parts =
        [
            ((long)test.Table, sizeof(ConntrackTable<Ipv4Tuple>)),
            ((long)test.Memory.Pool, sizeof(EntryPool)),
            ((long)test.Table->Key, HashKey.SizeBytes),
            ((long)test.Table->Quiescence, Quiescence.SizeBytes),
            ((long)test.Private("_locks"), StripeLocks.SizeBytes),
            ((long)*(uint**)((byte*)test.Memory.Pool + 8), test.Memory.EntryCount * sizeof(uint)),
            ((long)test.Table->Entries, (long)test.Memory.EntryCount * Entry<Ipv4Tuple>.SizeBytes),
            ((long)test.Buckets, test.Memory.BucketCount * Bucket.SizeBytes),
            ((long)test.Memory.Slot(0), sizeof(WorkerSlot)),
            ((long)test.Memory.Slot(0)->Entries.Indexes, IndexCache.Capacity * 4),
            ((long)test.Memory.Slot(0)->Sides.Indexes, IndexCache.Capacity * 4),
            ((long)test.Memory.Slot(0)->Sides.Indexes + IndexCache.Capacity * 4, RetireRing.MemoryBytes),
            ((long)test.Memory.Slot(0)->Zones, sizeof(ZoneShare)),
            ((long)test.Memory.Slot(1), sizeof(WorkerSlot)),
            ((long)test.Memory.Slot(1)->Entries.Indexes, IndexCache.Capacity * 4),
            ((long)test.Memory.Slot(1)->Sides.Indexes, IndexCache.Capacity * 4),
            ((long)test.Memory.Slot(1)->Zones, sizeof(ZoneShare)),
        ];
        Array.Sort(parts);
        for (int index = 1; index < parts.Length; index++)
        {
            Assert.True(parts[index - 1].Start + parts[index - 1].Bytes <= parts[index].Start, $"part {index} overlaps its predecessor");
        }
    }

    [Fact]
    public void Each_worker_publishes_its_epoch_on_a_line_of_its_own()
    {
        Quiescence* quiescence = (Quiescence*)NativeMemory.AlignedAlloc(Quiescence.SizeBytes, 64);
        NativeMemory.Clear(quiescence, Quiescence.SizeBytes);
        quiescence->Initialize(Quiescence.WorkersMax);
        for (int worker = 0; worker < Quiescence.WorkersMax; worker++)
        {
            ulong* line = (ulong*)((byte*)quiescence + 64 * (1 + worker));
            Assert.Equal(ulong.MaxValue, *line);
            quiescence->GoOnline(worker);
            Assert.Equal(1ul, *line);
            quiescence->GoOffline(worker);
            Assert.Equal(ulong.MaxValue, *line);
        }

        NativeMemory.AlignedFree(quiescence);
    }

    [Fact]
    public void A_state_word_holds_deadline_state_policy_and_flags_from_the_top_down()
    {
        StateWord word = new(0x11223344, (ConnectionState)0x15, 0x66, (EntryFlags)0x7788);
        Assert.Equal(0x1122_3344_1566_7788ul, word.Value);
        Assert.Equal(0x11223344u, word.DeadlineSeconds);
        Assert.Equal((ConnectionState)0x15, word.State);
        Assert.Equal(0x66, word.Policy);
        Assert.Equal((EntryFlags)0x7788, word.Flags);
        Assert.Equal(0x1122_3344_1566_778Aul, word.With(EntryFlags.Dying).Value);
    }

    [Theory]
    [InlineData(EntryFlags.None, false)]
    [InlineData(EntryFlags.Confirmed, true)]
    [InlineData(EntryFlags.Confirmed | EntryFlags.Assured | EntryFlags.SourceNat, true)]
    [InlineData(EntryFlags.Dying, false)]
    [InlineData(EntryFlags.Confirmed | EntryFlags.Dying, false)]
    public void A_live_entry_is_confirmed_and_not_dying(EntryFlags flags, bool isLive) =>
        Assert.Equal(isLive, new StateWord(5, ConnectionState.UdpStream, 0, flags).IsLive);

    [Theory]
    [InlineData(99u, false)]
    [InlineData(100u, true)]
    [InlineData(101u, true)]
    public void An_entry_expires_when_the_clock_reaches_its_deadline(uint nowSeconds, bool isExpired) =>
        Assert.Equal(isExpired, new StateWord(100, ConnectionState.UdpStream, 0, EntryFlags.Confirmed).IsExpired(nowSeconds));

    [Theory]
    [InlineData(1u, Direction.Original, 2u)]
    [InlineData(1u, Direction.Reply, 3u)]
    [InlineData(0x7FFF_FFFFu, Direction.Reply, 0xFFFF_FFFFu)]
    public void A_reference_is_the_index_above_one_bit_of_direction(uint index, Direction direction, uint value)
    {
        EntryReference reference = new(index, direction);
        Assert.Equal(value, reference.Value);
        Assert.Equal(index, reference.Index);
        Assert.Equal(direction, reference.Direction);
        Assert.False(reference.IsNone);
        Assert.True(default(EntryReference).IsNone);
    }
}
