using System.Runtime.InteropServices;

namespace Dataplane.Conntrack;

/// <summary>How far a resize has come; what workers share while they move buckets.</summary>
/// <remarks>
/// Line 0 is written by whoever claims or finishes a few buckets, only while a resize runs; the lines after it are the views.
/// Four of them are used in turn: a view is rewritten after two resizes at the earliest, and the next resize begins only when
/// every worker has passed a quiescent point since the last one's end, so that nobody can still hold the pointer.
/// <code>
/// offset size field          written by
///      0    4 Next           claiming workers, atomic: first bucket of Previous that nobody has claimed in this pass
///      4    4 Done           finishing workers, atomic: buckets of this pass that have been moved
///      8    4 Left           places that found no room in this pass, atomic
///     12    4 Passes         the worker that ends a pass
///     16    8 EndEpoch       the worker that ends the resize: 0 while it runs; who has seen it has forgotten Previous
///     24    8 Resizes        resizes ended
///     64  256 Views[4]
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public unsafe struct ResizeState
{
    public const int SizeBytes = 64 + Views * BucketView.SizeBytes;

    internal const int Views = 4;

    [FieldOffset(0)] public uint Next;
    [FieldOffset(4)] public uint Done;
    [FieldOffset(8)] public uint Left;
    [FieldOffset(12)] public uint Passes;
    [FieldOffset(16)] public ulong EndEpoch;
    [FieldOffset(24)] public ulong Resizes;
    [FieldOffset(64)] private BucketView _first;

    /// <summary>The view of a publication number.</summary>
    internal static BucketView* View(ResizeState* state, ulong number) => &state->_first + (number & (Views - 1));
}
