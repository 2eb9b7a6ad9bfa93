using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

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
[StructLayout(LayoutKind.Sequential, Size = SizeBytes)]
public readonly struct Adjacency
{
    public const int SizeBytes = 16;

    /// <summary>Destination MAC and the first two bytes of the source MAC.</summary>
    public readonly ulong FrameLow;

    private readonly ulong _rest;

    // Words and shifts, not overlapping fields: the JIT keeps these in registers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Adjacency(ulong low, ulong rest)
    {
        FrameLow = low;
        _rest = rest;
    }

    public Adjacency(ulong destinationMac48, ulong sourceMac48, byte port, NeighbourState state, ushort mtuBytes)
    {
        FrameLow = destinationMac48 | sourceMac48 << 48;
        _rest = sourceMac48 >> 16 & uint.MaxValue | (ulong)port << 32 | (ulong)state << 40 | (ulong)mtuBytes << 48;
    }

    /// <summary>The last four bytes of the source MAC.</summary>
    public uint FrameHigh
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (uint)_rest;
    }

    public byte Port
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (byte)(_rest >> 32);
    }

    public NeighbourState State
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (NeighbourState)(byte)(_rest >> 40);
    }

    /// <summary>Bytes of IP packet that the egress link carries.</summary>
    public ushort MtuBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (ushort)(_rest >> 48);
    }

    /// <summary>The neighbour's MAC address in the low 48 bits; 0 while it is unknown.</summary>
    public ulong Mac48 => FrameLow & 0xFFFF_FFFF_FFFF;

    /// <summary>Whether a packet may be sent with it.</summary>
    public bool IsUsable
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => State >= NeighbourState.Reachable;
    }

    /// <summary>Reads all 16 bytes at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Adjacency Load(Adjacency* from)
    {
        Vector128<ulong> words = Vector128.LoadAligned((ulong*)from);
        return new Adjacency(words.ToScalar(), words.GetElement(1));
    }

    /// <summary>Replaces all 16 bytes at once.</summary>
    public unsafe void Store(Adjacency* to) => Vector128.Create(FrameLow, _rest).StoreAligned((ulong*)to);
}
