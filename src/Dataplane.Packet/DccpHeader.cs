using System.Runtime.InteropServices;

namespace Dataplane.Packet;

/// <summary>First 12 bytes of a DCCP header (RFC 4340 §5.1), no alignment.</summary>
/// <remarks>
/// <code>
/// offset size field
///      0    2 SourcePort
///      2    2 DestinationPort
///      4    1 DataOffset       header length in 32-bit words
///      5    1 Coverage         low 4 bits: 0 checksum over everything, n over the header and 4(n-1) bytes
///      6    2 Checksum         with pseudo-header
///      8    1 TypeAndExtended  4 bits of type above the X bit: 48-bit sequence numbers
///      9    3 Sequence         low 24 bits, or reserved and the highest 16 with X
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes, Pack = 1)]
public struct DccpHeader
{
    /// <summary>Without X; the shortest header of all.</summary>
    public const int SizeBytes = 12;

    /// <summary>Where <see cref="Checksum"/> stands.</summary>
    public const int ChecksumOffset = 6;

    [FieldOffset(0)] public Be16 SourcePort;
    [FieldOffset(2)] public Be16 DestinationPort;
    [FieldOffset(4)] public byte DataOffset;
    [FieldOffset(5)] public byte Coverage;
    [FieldOffset(6)] public Be16 Checksum;
    [FieldOffset(8)] public byte TypeAndExtended;

    public readonly DccpType Type => (DccpType)(TypeAndExtended >> 1 & 15);

    /// <summary>Whether the header has 48-bit sequence numbers and is four bytes longer.</summary>
    public readonly bool IsExtended => (TypeAndExtended & 1) != 0;

    /// <summary>Options included.</summary>
    public readonly int HeaderLengthBytes => DataOffset * 4;

    /// <summary>How many bytes the checksum covers, from the header's first, in a packet of <paramref name="lengthBytes"/>
    /// (§9.2).</summary>
    public readonly int CoveredBytesOf(int lengthBytes) =>
        (Coverage & 15) == 0 ? lengthBytes : HeaderLengthBytes + ((Coverage & 15) - 1) * 4;

    /// <summary>What the parser does with a DCCP packet: bounds, and the ports that go into the tuple as they stand.</summary>
    /// <param name="l4">Behind the IP header.</param>
    /// <param name="availableBytes">That the IP header grants.</param>
    /// <param name="source">The tuple's source port.</param>
    /// <param name="destination">The tuple's destination port.</param>
    /// <param name="isCut">A first fragment: what is covered may reach into the others, the header not.</param>
    /// <returns><see cref="DropReason.None"/>, <see cref="DropReason.DccpTruncated"/> or <see cref="DropReason.DccpHeaderBad"/>.</returns>
    /// <remarks>Reserved types are to be ignored (RFC 4340 §5.1), and short sequence numbers are for three types alone.</remarks>
    public static unsafe DropReason ReadPorts(
        byte* l4, int availableBytes, out Be16 source, out Be16 destination, bool isCut = false)
    {
        source = destination = default;
        if (availableBytes < SizeBytes)
        {
            return DropReason.DccpTruncated;
        }

        var header = (DccpHeader*)l4;
        int headerBytes = header->HeaderLengthBytes;
        DccpType type = header->Type;
        bool isShortAllowed = type is DccpType.Data or DccpType.Ack or DccpType.DataAck;
        if (headerBytes < (header->IsExtended ? SizeBytes + 4 : SizeBytes) || headerBytes > availableBytes
            || (header->CoveredBytesOf(availableBytes) > availableBytes && !isCut)
            || type > DccpType.SyncAck || (!header->IsExtended && !isShortAllowed))
        {
            return DropReason.DccpHeaderBad;
        }

        source = header->SourcePort;
        destination = header->DestinationPort;
        return DropReason.None;
    }
}

/// <summary>DCCP packet types (RFC 4340 §5.1).</summary>
public enum DccpType : byte
{
    Request = 0,
    Response = 1,
    Data = 2,
    Ack = 3,
    DataAck = 4,
    CloseRequest = 5,
    Close = 6,
    Reset = 7,
    Sync = 8,
    SyncAck = 9,
}
