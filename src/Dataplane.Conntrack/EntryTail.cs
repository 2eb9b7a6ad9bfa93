using System.Runtime.InteropServices;

namespace Dataplane.Conntrack;

/// <summary>What accounting and TCP touch; 64 bytes, the last cache line of an entry.</summary>
/// <remarks>
/// <code>
/// offset size field                written by
///      0   16 Packets[2]           any worker, atomic add when there are several
///     16   16 Bytes[2]             the same; bytes of the IP packet
///     32   32 Windows              per-direction state of TCP, or of another protocol in the same bytes; under their own lock
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public unsafe struct EntryTail
{
    public const int SizeBytes = 64;

    [FieldOffset(0)] public ulong PacketsOriginal;
    [FieldOffset(8)] public ulong PacketsReply;
    [FieldOffset(16)] public ulong BytesOriginal;
    [FieldOffset(24)] public ulong BytesReply;
    [FieldOffset(32)] public TcpWindows Windows;
}
