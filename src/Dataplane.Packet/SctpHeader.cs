using System.Runtime.InteropServices;

namespace Dataplane.Packet;

/// <summary>SCTP common header (RFC 9260 §3.1); 12 bytes, no alignment. Chunks follow.</summary>
/// <remarks>
/// <code>
/// offset size field
///      0    2 SourcePort
///      2    2 DestinationPort
///      4    4 VerificationTag   chosen by the receiver in its INIT or INIT ACK; 0 with an INIT
///      8    4 Checksum          CRC32c of the packet with this field zero; least significant byte first (§6.8)
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes, Pack = 1)]
public struct SctpHeader
{
    public const int SizeBytes = 12;

    /// <summary>Where <see cref="Checksum"/> stands.</summary>
    public const int ChecksumOffset = 8;

    [FieldOffset(0)] public Be16 SourcePort;
    [FieldOffset(2)] public Be16 DestinationPort;
    [FieldOffset(4)] public Be32 VerificationTag;
    [FieldOffset(8)] public uint Checksum;

    /// <summary>What the parser does with an SCTP packet: bounds, and the ports that go into the tuple as they stand.</summary>
    /// <param name="l4">Behind the IP header.</param>
    /// <param name="availableBytes">That the IP header grants.</param>
    /// <param name="source">The tuple's source port.</param>
    /// <param name="destination">The tuple's destination port.</param>
    /// <returns><see cref="DropReason.None"/> or <see cref="DropReason.SctpTruncated"/>. Chunks are for the tracker.</returns>
    public static unsafe DropReason ReadPorts(byte* l4, int availableBytes, out Be16 source, out Be16 destination)
    {
        if (availableBytes < SizeBytes)
        {
            source = destination = default;
            return DropReason.SctpTruncated;
        }

        source = ((SctpHeader*)l4)->SourcePort;
        destination = ((SctpHeader*)l4)->DestinationPort;
        return DropReason.None;
    }
}
