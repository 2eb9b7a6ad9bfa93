using System;
using System.Globalization;
using System.IO;
using System.Linq;
using Xunit;

namespace Dataplane.Os.Tests;

/// <summary>Native memory is zeroed, aligned, present, and gone after disposal.</summary>
public sealed unsafe class MappedMemoryTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(1, false)]
    [InlineData(4097, true)]
    [InlineData(5 << 20, false)]
    [InlineData(5 << 20, true)]
    public void Anonymous_memory_is_zeroed_and_aligned(long lengthBytes, bool hugePages)
    {
        using MappedMemory memory = MappedMemory.Allocate(lengthBytes, hugePages);
        Assert.Equal(lengthBytes, memory.LengthBytes);
        Assert.Equal(0, (long)memory.Address % MappedMemory.HugePageBytes);
        for (long offset = 0; offset < lengthBytes; offset++)
        {
            Assert.Equal(0, memory.Address[offset]);
            memory.Address[offset] = 0xA5;
        }

        Assert.False(memory.HasPriorContents);
        Assert.True(hugePages || memory.PageKind == PageKind.Base);
    }

    [Fact]
    public void Every_page_is_present_from_the_start()
    {
        const long length = 64 << 20;
        long before = ResidentBytes();
        using MappedMemory memory = MappedMemory.Allocate(length, hugePages: false);
        Assert.True(ResidentBytes() - before > length * 9 / 10);
    }

    [Fact]
    public void Reserved_huge_pages_are_used_while_there_are_some()
    {
        long free = HugePagesFree();
        using MappedMemory memory = MappedMemory.Allocate(MappedMemory.HugePageBytes * 2, hugePages: true);
        if (free >= 16)
        {
            Assert.Equal(PageKind.Huge2MiB, memory.PageKind);
        }
        else
        {
            Assert.NotEqual(PageKind.File, memory.PageKind);
        }
    }

    [Fact]
    public void More_huge_pages_than_there_are_fall_back_and_say_so()
    {
        long free = HugePagesFree();
        if (free * MappedMemory.HugePageBytes > 1L << 30)
        {
            // The request would have to be larger than a test should take.
            return;
        }

        using MappedMemory memory = MappedMemory.Allocate((free + 1) * MappedMemory.HugePageBytes, hugePages: true);
        Assert.Contains(memory.PageKind, new[] { PageKind.TransparentHuge, PageKind.Base });
    }

    [Fact]
    public void Memory_that_does_not_exist_is_an_error_and_not_the_end_of_the_process()
    {
        OsException error = Assert.Throws<OsException>(() => MappedMemory.Allocate(1L << 46, hugePages: false));
        Assert.Equal(Errno.NoMemory, error.ErrorNumber);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    public void A_length_out_of_bounds_is_refused(long lengthBytes) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => MappedMemory.Allocate(lengthBytes, hugePages: true));

    [Fact]
    public void A_disposed_mapping_gives_no_address_and_disposes_twice()
    {
        MappedMemory memory = MappedMemory.Allocate(1, hugePages: false);
        memory.Dispose();
        memory.Dispose();
        Assert.Throws<ObjectDisposedException>(() => (nint)memory.Address);
    }

    [Fact]
    public void A_file_keeps_what_was_written_for_the_next_mapping()
    {
        string path = _directory.File("table");
        using (MappedMemory first = MappedMemory.OpenFile(path, 10_000))
        {
            Assert.False(first.HasPriorContents);
            Assert.Equal(PageKind.File, first.PageKind);
            first.Address[9_999] = 7;
        }

        Assert.Equal(10_000, new FileInfo(path).Length);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        using MappedMemory second = MappedMemory.OpenFile(path, 10_000);
        Assert.True(second.HasPriorContents);
        Assert.Equal(7, second.Address[9_999]);
    }

    [Fact]
    public void A_file_of_another_length_is_refused_and_left_alone()
    {
        string path = _directory.Write("table", "precious");
        OsException error = Assert.Throws<OsException>(() => MappedMemory.OpenFile(path, 10_000));
        Assert.Equal(Errno.Invalid, error.ErrorNumber);
        Assert.Equal("precious", File.ReadAllText(path));
    }

    [Fact]
    public void A_file_that_does_not_fit_is_refused()
    {
        OsException error = Assert.Throws<OsException>(() => MappedMemory.OpenFile(_directory.File("huge"), 1L << 55));
        Assert.True(error.ErrorNumber > 0);
    }

    private static long ResidentBytes() =>
        long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;

    private static long HugePagesFree() => File.ReadLines("/proc/meminfo")
        .Where(line => line.StartsWith("HugePages_Free:", StringComparison.Ordinal))
        .Select(line => long.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture))
        .FirstOrDefault();
}
