using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using Dataplane.Os;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>An arena in a file: what its bytes say to who maps them elsewhere, and what a file of a former run is worth.</summary>
[Trait("Category", "Portable")]
public abstract unsafe class ArenaTests<TTuple, TFamily> : IDisposable
    where TTuple : unmanaged
    where TFamily : ITupleFamily<TTuple>
{
    private readonly string _directory = Directory.CreateTempSubdirectory("conntrack-arena-").FullName;

    private string ArenaPath => Path.Combine(_directory, "arena");

    [Fact]
    public void The_header_says_what_the_rest_is()
    {
        using TestTable<TTuple, TFamily> test = Made();
        byte[] bytes = File.ReadAllBytes(ArenaPath);
        Assert.Equal(test.Memory.ArenaBytes, bytes.Length);
        Assert.Equal(PageKind.File, test.Memory.ArenaPages);
        Assert.Equal("DPARENA1", Encoding.ASCII.GetString(bytes, 0, 8));
        Assert.Equal((uint)sizeof(TTuple), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(8)));
        Assert.Equal((uint)Entry<TTuple>.SizeBytes, BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(12)));
        Assert.Equal(test.Memory.EntryCount, BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(16)));
        Assert.Equal(bytes.Length, Entry<TTuple>.SizeBytes * (long)test.Memory.EntryCount);
        Assert.True(bytes.AsSpan(20, ArenaHeader.SizeBytes - 20).IndexOfAnyExcept((byte)0) < 0);
    }

    [Fact]
    public void Connections_are_found_in_the_bytes_alone()
    {
        using TestTable<TTuple, TFamily> test = Made();
        Dictionary<TTuple, uint> expected = [];
        for (uint number = 0; number < 60; number++)
        {
            uint index = test.Insert(number, deadline: 5000 + number);
            test.Head(index)->Rewrite = number * 3;
            Entry<TTuple>.Head(test.Table->EntryAt(index))->Mark = number * 7;
            if (number % 4 == 0)
            {
                Assert.True(test.Remove(index));
            }
            else
            {
                expected.Add(TFamily.Numbered(number), number);
            }
        }

        test.Build(TFamily.Numbered(999), TFamily.Numbered(998));
        byte[] bytes = File.ReadAllBytes(ArenaPath);
        int headOffset = 2 * sizeof(TTuple);
        for (int offset = Entry<TTuple>.SizeBytes; offset < bytes.Length; offset += Entry<TTuple>.SizeBytes)
        {
            ReadOnlySpan<byte> entry = bytes.AsSpan(offset, Entry<TTuple>.SizeBytes);
            uint generation = BinaryPrimitives.ReadUInt32LittleEndian(entry[(headOffset + 24)..]);
            StateWord word = new(BinaryPrimitives.ReadUInt64LittleEndian(entry[headOffset..]));
            if (generation % 2 != 0 || !word.IsLive)
            {
                continue;
            }

            TTuple original = MemoryMarshal.Read<TTuple>(entry);
            Assert.True(expected.Remove(original, out uint number));
            Assert.Equal(TFamily.Inverted(original), MemoryMarshal.Read<TTuple>(entry[sizeof(TTuple)..]));
            Assert.Equal(5000 + number, word.DeadlineSeconds);
            Assert.Equal(number * 3, BinaryPrimitives.ReadUInt32LittleEndian(entry[(headOffset + 16)..]));
            Assert.Equal(number * 7, BinaryPrimitives.ReadUInt32LittleEndian(entry[(headOffset + 20)..]));
        }

        Assert.Empty(expected);
    }

    [Fact]
    public void No_word_of_the_arena_is_an_address_of_the_process()
    {
        using TestTable<TTuple, TFamily> test = Made(sideRecords: 10);
        for (uint number = 0; number < 50; number++)
        {
            uint index = test.Insert(number);
            if (number < 10)
            {
                Assert.True(test.Table->TryTakeSide(test.Memory.Slot(0), SideKind.Label, out uint side));
                Assert.True(test.Table->TryAttachSide(index, side));
            }
        }

        Assert.True(test.Remove(test.Find(TFamily.Numbered(3)).Index));
        test.QuiesceAll();
        (ulong Start, long Bytes)[] ranges =
        [
            ((ulong)test.Table->Entries, test.Memory.ArenaBytes),
            ((ulong)test.Buckets, test.Memory.BucketBytes),
            ((ulong)test.Table, 4 << 20),
            ((ulong)test.Memory.Slot(0), 1 << 20),
            ((ulong)test.Table->SideAt(0), 1 << 16),
        ];
        byte[] bytes = File.ReadAllBytes(ArenaPath);
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            foreach ((ulong start, long length) in ranges)
            {
                Assert.False(word >= start && word - start < (ulong)length, $"{word:x} is an address");
            }
        }
    }

    [Fact]
    public void A_file_of_a_former_run_is_taken_over_empty()
    {
        using (TestTable<TTuple, TFamily> former = Made(sideRecords: 10))
        {
            for (uint number = 0; number < 100; number++)
            {
                former.Insert(number);
            }

            Assert.True(former.Table->TryTakeSide(former.Memory.Slot(0), SideKind.Label, out uint side));
            Assert.True(former.Table->TryAttachSide(1, side));
        }

        using TestTable<TTuple, TFamily> test = Made(sideRecords: 10);
        AssertEmptyAndUsable(test);
    }

    [Theory]
    [InlineData(0x00)]
    [InlineData(0x01)]
    [InlineData(0x55)]
    [InlineData(0xFF)]
    public void Whatever_a_file_held_is_no_connection(byte filler)
    {
        using (TestTable<TTuple, TFamily> sized = Made())
        {
        }

        byte[] bytes = new byte[new FileInfo(ArenaPath).Length];
        Array.Fill(bytes, filler);
        File.WriteAllBytes(ArenaPath, bytes);
        using TestTable<TTuple, TFamily> test = Made();
        AssertEmptyAndUsable(test);
    }

    [Theory]
    [InlineData(1L)]
    [InlineData(4096L)]
    [InlineData(-1L)]
    [InlineData(-128L)]
    public void A_file_of_another_length_is_refused_and_left_alone(long difference)
    {
        long wanted;
        using (TestTable<TTuple, TFamily> sized = Made())
        {
            wanted = sized.Memory.ArenaBytes;
        }

        byte[] bytes = new byte[difference == 1 ? 1 : wanted + difference];
        Array.Fill(bytes, (byte)0x42);
        File.WriteAllBytes(ArenaPath, bytes);
        OsException exception = Assert.Throws<OsException>(() => Made().Dispose());
        Assert.Contains(ArenaPath, exception.Message, StringComparison.Ordinal);
        Assert.Equal(bytes, File.ReadAllBytes(ArenaPath));
    }

    [Fact]
    public void A_path_that_cannot_be_a_file_is_refused()
    {
        Assert.Throws<OsException>(() => new ConntrackMemory<TTuple>(Size(0) with { ArenaFile = _directory }));
        Assert.Throws<OsException>(() => new ConntrackMemory<TTuple>(Size(0) with { ArenaFile = Path.Combine(_directory, "none", "arena") }));
    }

    [Fact]
    public void The_contents_outlive_the_table()
    {
        TTuple tuple = TFamily.Numbered(5);
        uint index;
        using (TestTable<TTuple, TFamily> test = Made())
        {
            index = test.Insert(5);
        }

        byte[] bytes = File.ReadAllBytes(ArenaPath);
        Assert.Equal(tuple, MemoryMarshal.Read<TTuple>(bytes.AsSpan((int)index * Entry<TTuple>.SizeBytes)));
    }

    public void Dispose()
    {
        Directory.Delete(_directory, recursive: true);
        GC.SuppressFinalize(this);
    }

    private static void AssertEmptyAndUsable(TestTable<TTuple, TFamily> test)
    {
        Assert.Equal(0, test.Memory.Count());
        Assert.Equal(0, test.OccupiedPlaces());
        for (uint index = 1; index < test.Memory.EntryCount; index++)
        {
            // A sweep goes by the state word alone: nothing of a former run may look alive to it.
            Assert.Equal(new EntryHead { Generation = 1 }, *test.Head(index));
        }

        byte* copy = stackalloc byte[Entry<TTuple>.SizeBytes];
        uint cursor = 0;
        Assert.Equal(0u, test.Table->CopyNext(ref cursor, 1000, uint.MaxValue, copy));
        Assert.Equal(test.Memory.EntryCount, cursor);
        Assert.Equal(ArenaHeader.MagicValue, ((ArenaHeader*)test.Table->Entries)->Magic);
        for (uint number = 0; number < 100; number++)
        {
            Assert.True(test.Find(TFamily.Numbered(number)).IsNone);
            uint index = test.Insert(number);
            Assert.Equal(0u, test.Head(index)->Side);
            Assert.Equal(0u, test.Head(index)->Generation & 1);
            Assert.Equal(default, *Entry<TTuple>.Tail(test.Table->EntryAt(index)));
        }

        Assert.Equal(0u, test.Build(TFamily.Numbered(100), TFamily.Numbered(100)));
        test.AssertConsistent();
        cursor = 0;
        uint shown = 0;
        while (test.Table->CopyNext(ref cursor, 1000, uint.MaxValue, copy) != 0)
        {
            shown++;
        }

        Assert.Equal(100u, shown);
    }

    private static ConntrackSize Size(uint sideRecords) => new(100, 1, false) { SideRecords = sideRecords, Seed = 9 };

    private TestTable<TTuple, TFamily> Made(uint sideRecords = 0) => new(Size(sideRecords) with { ArenaFile = ArenaPath });
}

public sealed class Ipv4ArenaTests : ArenaTests<Ipv4Tuple, Ipv4Family>;

public sealed class Ipv6ArenaTests : ArenaTests<Ipv6Tuple, Ipv6Family>;
