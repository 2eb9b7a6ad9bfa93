using System.Runtime.InteropServices;

namespace Dataplane.Datapath.Fragments;

/// <summary>The head of eight records that share a lock; a cache line of its own.</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct FragmentSet
{
    public const int SizeBytes = 64;

    /// <summary>Records in a set.</summary>
    public const int Ways = 8;

    [FieldOffset(0)] public int Lock;

    /// <summary>One bit for each record in use.</summary>
    [FieldOffset(4)] public byte Live;
}
