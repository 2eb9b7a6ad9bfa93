using System.Runtime.InteropServices;
using Dataplane.Packet;

namespace Dataplane.Datapath;

/// <summary>The cold part of a neighbour: who it is, when it was asked, and what waits for it; 192 bytes.</summary>
/// <remarks>Read and written under the neighbour table's lock only.</remarks>
[StructLayout(LayoutKind.Sequential, Size = 192)]
public unsafe struct NeighbourRecord
{
    /// <summary>Packets held for one neighbour at most.</summary>
    public const int HeldMax = 16;

    /// <summary>IPv4 neighbours by their mapped address.</summary>
    public Ipv6Address Address;

    /// <summary>Next record of the hash chain, 0 none.</summary>
    public uint Next;

    public byte Port;

    /// <summary>Unanswered requests since the last answer.</summary>
    public byte Requests;

    /// <summary>Entries may have cached this adjacency: the record keeps its address for good.</summary>
    public bool WasReachable;

    public byte HeldCount;

    /// <summary>When the next request, or the return from Failed, is due.</summary>
    public long DueNanoseconds;

    public fixed ulong HeldPackets[HeldMax];
}
