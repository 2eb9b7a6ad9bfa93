using System.Runtime.InteropServices;

namespace Dataplane.Datapath;

/// <summary>How far the resolution of a neighbour is.</summary>
public enum NeighbourState : byte
{
    Free = 0,

    /// <summary>Asked, not answered; packets are held.</summary>
    Resolving = 1,

    /// <summary>Did not answer; packets are refused until the next attempt is due.</summary>
    Failed = 2,

    /// <summary>Answered; from here on packets flow.</summary>
    Reachable = 3,

    /// <summary>Answered a while ago and asked again; packets flow.</summary>
    Stale = 4,
}

/// <summary>The frame header of a neighbour, ready to be written; 16 bytes, aligned.</summary>
/// <remarks>
/// Read by all workers for every packet as one aligned vector, replaced as one aligned vector under the neighbour table's
/// lock; processors with AVX make such accesses whole, so a packet never gets half of two headers.
/// <code>
/// offset size field
///      0    6 destination MAC
///      6    6 source MAC
///     12    1 egress port
///     13    1 NeighbourState
///     14    2 MTU of the egress port, bytes of IP packet
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct Adjacency
{
    public const int SizeBytes = 16;

    /// <summary>Destination MAC and the first two bytes of the source MAC.</summary>
    [FieldOffset(0)] public ulong FrameLow;

    /// <summary>The last four bytes of the source MAC.</summary>
    [FieldOffset(8)] public uint FrameHigh;
    [FieldOffset(12)] public byte Port;
    [FieldOffset(13)] public NeighbourState State;
    [FieldOffset(14)] public ushort MtuBytes;

    /// <summary>Whether a packet may be sent with it.</summary>
    public readonly bool IsUsable => State >= NeighbourState.Reachable;
}
