using System;
using System.Runtime.InteropServices;

namespace Dataplane.Os;

/// <summary>Native memory in a mapping of its own: zeroed, page-aligned, every page present before it is used.</summary>
/// <remarks>
/// Tables and buffers live here so that the collector never sees them and the first packet takes no page fault.
/// With huge pages one TLB entry covers 2 MiB: a table of 1 M connections (128 MiB) needs 64 of them, not 32,768.
/// Pages are populated by <c>MADV_POPULATE_WRITE</c> (Linux 5.14), which reports a shortage as an error where
/// touching them would end the process by SIGBUS or the out-of-memory killer.
/// </remarks>
public sealed unsafe class MappedMemory : IDisposable
{
    /// <summary>The size of a huge page, and the alignment of every anonymous mapping, in bytes.</summary>
    public const long HugePageBytes = 2 << 20;

    private readonly long _mappedBytes;
    private byte* _address;

    private MappedMemory(byte* address, long lengthBytes, long mappedBytes, PageKind kind)
    {
        _address = address;
        _mappedBytes = mappedBytes;
        LengthBytes = lengthBytes;
        PageKind = kind;
    }

    ~MappedMemory() => Unmap();

    /// <summary>The first byte; page-aligned, 2 MiB-aligned when anonymous.</summary>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public byte* Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(_address == null, this);
            return _address;
        }
    }

    /// <summary>The length asked for, in bytes; the mapping itself is rounded up to whole pages.</summary>
    public long LengthBytes { get; }

    /// <summary>What the kernel gave, which may be less than was asked for.</summary>
    public PageKind PageKind { get; }

    /// <summary>True if the file held contents from before; always false for anonymous memory.</summary>
    public bool HasPriorContents { get; private init; }

    /// <summary>Maps zeroed anonymous memory and populates it.</summary>
    /// <param name="lengthBytes">At least 1.</param>
    /// <param name="hugePages">
    /// Try reserved 2 MiB pages, then transparent ones, then base pages; <see cref="PageKind"/> says which it became.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The length is not positive, or beyond the address space.</exception>
    /// <exception cref="OsException">The memory is not there.</exception>
    /// <param name="inspects">Look which pages a request for transparent ones got, which reads a long text and allocates: not for a
    /// process that must not; <see cref="PageKind"/> then is what was asked for.</param>
    public static MappedMemory Allocate(long lengthBytes, bool hugePages, bool inspects = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(lengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBytes, 1L << 46);
        if (hugePages && TryMapHugeTlb(lengthBytes) is { } huge)
        {
            return huge;
        }

        return MapAligned(lengthBytes, hugePages, inspects);
    }

    /// <summary>Maps a file, shared, so that its contents outlive the process; creates and sizes it if it is new.</summary>
    /// <param name="path">A regular file or a path where one may be made, mode 0600.</param>
    /// <param name="lengthBytes">At least 1. An existing file must have exactly this length.</param>
    /// <exception cref="OsException">
    /// The file cannot be opened, is of another length (<see cref="Errno.Invalid"/>), or does not fit its file system.
    /// </exception>
    public static MappedMemory OpenFile(string path, long lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(lengthBytes);
        int fd;
        fixed (byte* name = NativePath.Encode(path))
        {
            fd = Libc.Open(name, Libc.OpenReadWrite | Libc.OpenCreate | Libc.OpenCloseOnExec, 0x180);
        }

        if (fd < 0)
        {
            throw OsException.Last($"open '{path}'");
        }

        try
        {
            return MapFile(fd, path, lengthBytes);
        }
        finally
        {
            _ = Libc.Close(fd);
        }
    }

    /// <summary>Gives the memory back. No pointer into it may be used afterwards.</summary>
    public void Dispose()
    {
        Unmap();
        GC.SuppressFinalize(this);
    }

    private static MappedMemory? TryMapHugeTlb(long lengthBytes)
    {
        long mapped = RoundUp(lengthBytes, HugePageBytes);
        const int flags = Libc.MapPrivate | Libc.MapAnonymous | Libc.MapHugeTlb | Libc.MapHuge2MiB;
        byte* address = Map(null, mapped, flags, -1);
        if (address == null)
        {
            return null;
        }

        // The reservation succeeded, but a cgroup limit shows only now.
        if (Populate(address, mapped) != 0)
        {
            _ = Libc.MUnmap(address, (nuint)mapped);
            return null;
        }

        return new MappedMemory(address, lengthBytes, mapped, PageKind.Huge2MiB);
    }

    private static MappedMemory MapAligned(long lengthBytes, bool hugePages, bool inspects)
    {
        long mapped = RoundUp(lengthBytes, Environment.SystemPageSize);
        long padded = mapped + HugePageBytes;
        byte* raw = Map(null, padded, Libc.MapPrivate | Libc.MapAnonymous, -1);
        if (raw == null)
        {
            throw OsException.Last($"map {lengthBytes} bytes of memory");
        }

        // mmap aligns to base pages only: map one huge page more and give both ends back.
        byte* address = (byte*)RoundUp((long)raw, HugePageBytes);
        long head = address - raw;
        if (head > 0)
        {
            _ = Libc.MUnmap(raw, (nuint)head);
        }

        _ = Libc.MUnmap(address + mapped, (nuint)(padded - head - mapped));
        if (hugePages)
        {
            // Refused by kernels without transparent huge pages: then base pages are what there is.
            _ = Libc.MAdvise(address, (nuint)mapped, Libc.MadviseHugePage);
        }

        int error = Populate(address, mapped);
        if (error != 0)
        {
            _ = Libc.MUnmap(address, (nuint)mapped);
            throw new OsException($"populate {lengthBytes} bytes of memory", error);
        }

        bool joined = hugePages && (!inspects || TransparentHugePages.BytesIn(address, mapped) * 2 > mapped);
        return new MappedMemory(address, lengthBytes, mapped, joined ? PageKind.TransparentHuge : PageKind.Base);
    }

    private static MappedMemory MapFile(int fd, string path, long lengthBytes)
    {
        const int seekEnd = 2;
        long existing = Libc.Seek(fd, 0, seekEnd);
        if (existing < 0)
        {
            throw OsException.Last($"size of '{path}'");
        }

        if (existing != 0 && existing != lengthBytes)
        {
            throw new OsException($"map '{path}': it has {existing} bytes, {lengthBytes} are needed", Errno.Invalid);
        }

        // Blocks are taken now: a full disk is an error here, and a SIGBUS on the first write otherwise.
        int error = Libc.Allocate(fd, 0, lengthBytes);
        if (error != 0)
        {
            throw new OsException($"allocate {lengthBytes} bytes for '{path}'", error);
        }

        long mapped = RoundUp(lengthBytes, Environment.SystemPageSize);
        byte* address = Map(null, mapped, Libc.MapShared, fd);
        if (address == null)
        {
            throw OsException.Last($"map '{path}'");
        }

        error = Populate(address, mapped);
        if (error != 0)
        {
            _ = Libc.MUnmap(address, (nuint)mapped);
            throw new OsException($"populate '{path}'", error);
        }

        return new MappedMemory(address, lengthBytes, mapped, PageKind.File) { HasPriorContents = existing != 0 };
    }

    private static byte* Map(void* hint, long lengthBytes, int flags, int fd)
    {
        void* address = Libc.MMap(hint, (nuint)lengthBytes, Libc.ProtRead | Libc.ProtWrite, flags, fd, 0);
        return address == (void*)-1 ? null : (byte*)address;
    }

    /// <summary>Makes every page present and writable; contents stay. Returns 0 or an error number.</summary>
    private static int Populate(byte* address, long lengthBytes)
    {
        while (Libc.MAdvise(address, (nuint)lengthBytes, Libc.MadvisePopulateWrite) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error == Errno.Interrupted || error == Errno.WouldBlock)
            {
                continue;
            }

            if (error != Errno.Invalid)
            {
                return error;
            }

            // A kernel older than 5.14: touch each page, at the price that the remarks above name.
            for (long offset = 0; offset < lengthBytes; offset += Environment.SystemPageSize)
            {
                System.Threading.Volatile.Write(ref address[offset], System.Threading.Volatile.Read(ref address[offset]));
            }

            return 0;
        }

        return 0;
    }

    private static long RoundUp(long value, long unit) => (value + unit - 1) & -unit;

    private void Unmap()
    {
        if (_address != null)
        {
            _ = Libc.MUnmap(_address, (nuint)_mappedBytes);
            _address = null;
        }
    }
}
