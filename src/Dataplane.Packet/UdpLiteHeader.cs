using System.Runtime.InteropServices;

namespace Dataplane.Packet;

/// <summary>UDP-Lite header (RFC 3828 §3.1); 8 bytes, no alignment.</summary>
/// <remarks>
/// <code>
/// offset size field
///      0    2 SourcePort
///      2    2 DestinationPort
///      4    2 CoverageBytes   from the header's first byte on; 0 the whole packet
///      6    2 Checksum        of pseudo-header (with the IP payload's length) and the covered bytes; never 0
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes, Pack = 1)]
public struct UdpLiteHeader
{
    public const int SizeBytes = 8;

    /// <summary>Where <see cref="Checksum"/> stands.</summary>
    public const int ChecksumOffset = 6;

    [FieldOffset(0)] public Be16 SourcePort;
    [FieldOffset(2)] public Be16 DestinationPort;
    [FieldOffset(4)] public Be16 CoverageBytes;
    [FieldOffset(6)] public Be16 Checksum;

    /// <summary>How many bytes the checksum covers, from the header's first, in a packet of <paramref name="lengthBytes"/>.</summary>
    public readonly int CoveredBytesOf(int lengthBytes) => CoverageBytes.Raw == 0 ? lengthBytes : CoverageBytes.Host;

    /// <summary>What the parser does with a UDP-Lite packet: bounds, and the ports that go into the tuple as they stand.</summary>
    /// <param name="l4">Behind the IP header.</param>
    /// <param name="availableBytes">That the IP header grants.</param>
    /// <param name="source">The tuple's source port.</param>
    /// <param name="destination">The tuple's destination port.</param>
    /// <param name="isCut">A first fragment: what is covered may reach into the others.</param>
    /// <returns><see cref="DropReason.None"/>, <see cref="DropReason.UdpTruncated"/>, <see cref="DropReason.UdpLiteCoverageBad"/>
    /// or, without a checksum, <see cref="DropReason.L4ChecksumBad"/>.</returns>
    public static unsafe DropReason ReadPorts(
        byte* l4, int availableBytes, out Be16 source, out Be16 destination, bool isCut = false)
    {
        source = destination = default;
        if (availableBytes < SizeBytes)
        {
            return DropReason.UdpTruncated;
        }

        var header = (UdpLiteHeader*)l4;
        int coveredBytes = header->CoveredBytesOf(availableBytes);
        if (coveredBytes < SizeBytes || (coveredBytes > availableBytes && !isCut))
        {
            return DropReason.UdpLiteCoverageBad;
        }

        if (header->Checksum.Raw == 0)
        {
            return DropReason.L4ChecksumBad;
        }

        source = header->SourcePort;
        destination = header->DestinationPort;
        return DropReason.None;
    }
}
