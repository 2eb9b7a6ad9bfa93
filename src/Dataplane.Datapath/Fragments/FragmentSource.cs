using System.Runtime.InteropServices;

namespace Dataplane.Datapath.Fragments;

/// <summary>The newest datagrams of a source, and how many of its packets wait; 576 bytes.</summary>
/// <remarks>
/// <para>
/// The ring is the limit: a new datagram takes the place of the one that came as many datagrams earlier, and if that is still
/// incomplete it ends. A source in excess so loses its own oldest, and never stops being served: refusing instead would
/// shut a busy source out for the whole timeout after a burst of loss, or after somebody forged its address.
/// </para>
/// <para>
/// Sources are found by hash and may share a slot, one pair in 1,024. They then share the limit.
/// </para>
/// <code>
/// offset size field
///      0    4 Lock    of Next and the ring
///      4    4 Next
///      8    4 Held    packets that wait; atomic
///     64  512 ring    generation and index + 1 of a record; 0 none
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public unsafe struct FragmentSource
{
    public const int SizeBytes = 576;

    /// <summary>Slots of a table.</summary>
    public const int Count = 1024;

    [FieldOffset(0)] public int Lock;
    [FieldOffset(4)] public int Next;
    [FieldOffset(8)] public int Held;
    [FieldOffset(64)] private fixed ulong _ring[FragmentLimits.PerSourceMax];

    /// <summary>Enters a datagram; only under the lock.</summary>
    /// <param name="datagram">Its generation and index + 1.</param>
    /// <param name="count">Datagrams that the source may have.</param>
    /// <returns>The one whose place it took, or 0.</returns>
    public ulong Exchange(ulong datagram, int count)
    {
        Next = Next + 1 < count ? Next + 1 : 0;
        ulong oldest = _ring[Next];
        _ring[Next] = datagram;
        return oldest;
    }
}
