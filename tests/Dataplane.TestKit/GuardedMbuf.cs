using System;
using System.ComponentModel;
using System.Runtime.InteropServices;
using Dataplane.Packet;

namespace Dataplane.TestKit;

/// <summary>
/// One mbuf whose packet always ends where a page without access begins: a read or write of one byte too many ends
/// the process, which no test survives by luck.
/// </summary>
public sealed unsafe partial class GuardedMbuf : IDisposable
{
    private const int PageBytes = 4096;
    private const int DataBytes = 15 * PageBytes;
    private const int ProtectNone = 0;
    private const int ProtectReadWrite = 3;
    private const int MapPrivateAnonymous = 0x22;

    private byte* _region;

    /// <exception cref="Win32Exception">The kernel refused the mapping.</exception>
    public GuardedMbuf()
    {
        _region = mmap(null, DataBytes + PageBytes, ProtectReadWrite, MapPrivateAnonymous, -1, 0);
        if (_region == (byte*)-1)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), "mmap");
        }

        if (mprotect(_region + DataBytes, PageBytes, ProtectNone) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), "mprotect");
        }

        Pointer = (Mbuf*)NativeMemory.AlignedAlloc(Mbuf.SizeBytes, 64);
    }

    /// <summary>The buffer header; its data is what was last loaded.</summary>
    public Mbuf* Pointer { get; private set; }

    /// <summary>The bytes of the packet.</summary>
    public Span<byte> Bytes => MbufPool.Bytes(Pointer);

    /// <summary>Puts a frame right before the guard page.</summary>
    /// <exception cref="ArgumentException">The frame is larger than the region.</exception>
    public Mbuf* Load(ReadOnlySpan<byte> frame, MbufFlags flags = MbufFlags.None)
    {
        ObjectDisposedException.ThrowIf(_region == null, this);
        if (frame.Length > DataBytes)
        {
            throw new ArgumentException($"{frame.Length} bytes do not fit {DataBytes}", nameof(frame));
        }

        frame.CopyTo(new Span<byte>(_region + DataBytes - frame.Length, frame.Length));
        *Pointer = new Mbuf
        {
            BufferAddress = _region,
            DataOffset = (ushort)(DataBytes - frame.Length),
            ReferenceCount = 1,
            SegmentCount = 1,
            Flags = flags,
            PacketLength = (uint)frame.Length,
            DataLength = (ushort)frame.Length,
            BufferLength = DataBytes,
        };
        return Pointer;
    }

    public void Dispose()
    {
        if (_region != null)
        {
            _ = munmap(_region, DataBytes + PageBytes);
            NativeMemory.AlignedFree(Pointer);
            _region = null;
            Pointer = null;
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial byte* mmap(void* address, nuint lengthBytes, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mprotect(void* address, nuint lengthBytes, int protection);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int munmap(void* address, nuint lengthBytes);
}
