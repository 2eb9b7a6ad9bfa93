using System.Runtime.InteropServices;
using Dataplane.Packet;

namespace Dataplane.Datapath.Fragments;

/// <summary>What the table decided about a fragment.</summary>
public enum FragmentVerdict
{
    /// <summary>The datagram's transport is known: the packet goes on.</summary>
    Forward,

    /// <summary>It is the first: goes on, and the table is asked for the rest afterwards.</summary>
    First,

    /// <summary>Waits; no longer the caller's, who enters it in <see cref="FragmentShared.Exchange"/>.</summary>
    Held,

    /// <summary>Dropped for <see cref="FragmentArrival.Reason"/> by the caller.</summary>
    Drop,
}

/// <summary>One fragment on its way into the table, and the table's answer; lives on a worker's stack.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct FragmentArrival
{
    // Question.
    public Mbuf* Packet;
    public long NowNanoseconds;

    /// <summary>Of the key.</summary>
    public ulong Hash;

    /// <summary>Of the source: the address, or the /64, and the zone.</summary>
    public ulong SourceHash;
    public ushort OffsetBytes;
    public ushort LengthBytes;
    public FragmentPart Part;
    public byte Port;

    /// <summary>Question with the first fragment, answer with a later one that goes on.</summary>
    public FragmentTransport Transport;

    // Answer.
    public DropReason Reason;

    /// <summary>A record was begun for this fragment and is still there.</summary>
    public bool IsNew;
    public uint Index;
    public uint Generation;
}
