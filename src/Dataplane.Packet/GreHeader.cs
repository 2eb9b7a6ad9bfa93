using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dataplane.Packet;

/// <summary>First 4 bytes of a GRE header (RFC 2784, RFC 2890; version 1: RFC 2637 §4.1), no alignment.</summary>
/// <remarks>
/// <code>
/// offset size field
///      0    2 FlagsAndVersion   from the top: C, R, K, S; version in the lowest 3 bits
///      2    2 Protocol          EtherType of the payload; 0x880B in version 1
///      4    4 Checksum          version 0 with C or R
///      4/8  4 Key               version 0 with K
///      4    2 PayloadBytes      version 1
///      6    2 CallId            version 1: of the session, as the receiver knows it
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes, Pack = 1)]
public struct GreHeader
{
    public const int SizeBytes = 4;

    private const ushort ChecksumPresent = 0x8000;
    private const ushort RoutingPresent = 0x4000;
    private const ushort KeyPresent = 0x2000;
    private const ushort SequencePresent = 0x1000;
    private const ushort VersionMask = 7;

    [FieldOffset(0)] public Be16 FlagsAndVersion;
    [FieldOffset(2)] public Be16 Protocol;

    /// <summary>0 for GRE, 1 as PPTP uses it.</summary>
    public readonly int Version => FlagsAndVersion.Host & VersionMask;

    /// <summary>Whether there is a checksum over the GRE header and its payload, without a pseudo-header (RFC 2784 §2.3).</summary>
    public readonly bool HasChecksum => Version == 0 && Has(ChecksumPresent);

    /// <summary>Up to the last optional field of version 0 that its flags announce; of other versions the first four bytes.</summary>
    private readonly int HeaderBytesMin => Version != 0 ? SizeBytes
        : SizeBytes + (Has(ChecksumPresent | RoutingPresent) ? 4 : 0) + (Has(KeyPresent) ? 4 : 0) + (Has(SequencePresent) ? 4 : 0);

    /// <summary>What the parser does with a GRE packet: bounds, and what goes into the tuple in place of ports.</summary>
    /// <param name="l4">Behind the IP header.</param>
    /// <param name="availableBytes">That the IP header grants.</param>
    /// <param name="source">The tuple's source port.</param>
    /// <param name="destination">The tuple's destination port.</param>
    /// <returns><see cref="DropReason.None"/> or <see cref="DropReason.GreTruncated"/>.</returns>
    /// <remarks>
    /// <para>
    /// Version 0: a key identifies a flow between two hosts, normally the same one both ways (RFC 2890 §2.1), and cannot
    /// be translated. So it stands, its halves folded, in both ports: a tuple and its inverse agree. Two keys that fold
    /// alike share an entry, which harms neither; a tunnel with another key for each direction is two connections.
    /// Without K both ports are 0.
    /// </para>
    /// <para>
    /// Version 1 (PPTP): each direction carries the id that its receiver chose, like a destination port, and nothing of its sender. So the
    /// id is the destination port, and the source port 0. Which two ids belong together only the control connection says: its helper
    /// builds the entry, whose reply tuple is then not the inverse of the original. Without it the directions are two
    /// connections, and a translating router can let only the inner one through. Unknown versions count as without a key.
    /// </para>
    /// </remarks>
    public static unsafe DropReason ReadPorts(byte* l4, int availableBytes, out Be16 source, out Be16 destination)
    {
        source = destination = default;
        return availableBytes >= SizeBytes && availableBytes >= ((GreHeader*)l4)->HeaderBytesMin
            && TryReadKey(l4, availableBytes, out source, out destination)
            ? DropReason.None
            : DropReason.GreTruncated;
    }

    /// <summary>The part of <see cref="ReadPorts"/> that an ICMP error's quotation allows: it may end before the header does.</summary>
    /// <param name="l4">Behind the IP header.</param>
    /// <param name="availableBytes">At least <see cref="SizeBytes"/>.</param>
    /// <param name="source">The tuple's source port.</param>
    /// <param name="destination">The tuple's destination port.</param>
    /// <returns>False when there is a key behind the available bytes.</returns>
    public static unsafe bool TryReadKey(byte* l4, int availableBytes, out Be16 source, out Be16 destination)
    {
        source = destination = default;
        var header = (GreHeader*)l4;
        int version = header->Version;
        if (version > 1 || !header->Has(KeyPresent))
        {
            return true;
        }

        int keyOffset = version == 0 && header->Has(ChecksumPresent | RoutingPresent) ? 8 : 4;
        if (availableBytes < keyOffset + 4)
        {
            return false;
        }

        uint key = Unsafe.ReadUnaligned<Be32>(l4 + keyOffset).Host;
        destination = Be16.FromHost((ushort)(version == 1 ? key : key ^ key >> 16));
        source = version == 1 ? default : destination;
        return true;
    }

    private readonly bool Has(int flags) => (FlagsAndVersion.Host & flags) != 0;
}
