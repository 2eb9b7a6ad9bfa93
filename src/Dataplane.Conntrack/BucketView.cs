using System.Runtime.InteropServices;

namespace Dataplane.Conntrack;

/// <summary>Where connections are looked for: the current buckets and, while the table is being resized, those that are being
/// emptied.</summary>
/// <remarks>
/// <para>
/// Written completely, then published by one pointer store, then never changed while anyone may read it; a reader that copied the
/// pointer has both arrays as they belong together. That pointer is the table's sequence: a reader whose search failed compares
/// it with the one it began with and, if it moved, searches again.
/// </para>
/// <code>
/// offset size field
///      0   24 Current     new connections go here
///     24   24 Previous    being emptied into Current; null at rest
///     48    8 Number      publications so far
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Size = SizeBytes)]
public struct BucketView
{
    public const int SizeBytes = 64;

    public BucketArray Current;
    public BucketArray Previous;
    public ulong Number;
}
