namespace Dataplane.Packet;

/// <summary>
/// The packet that an ICMP error quotes, after <see cref="PacketParser.ParseQuoted"/> compared its lengths with the
/// error's; pointers reach into the error's own buffer.
/// </summary>
public unsafe struct QuotedPacket
{
    /// <summary>
    /// As the quoted packet was on the wire where the error arose: its source is whoever the error is meant for.
    /// The zone is that of the port the error came in by.
    /// </summary>
    public Ipv4Tuple Tuple;

    /// <summary>Inner IPv4 header, options included: <see cref="L4"/> - <see cref="L3"/> bytes.</summary>
    public Ipv4Header* L3;

    /// <summary>Inner transport header.</summary>
    public byte* L4;

    /// <summary>Bytes of the inner transport message that are quoted: at least 8, without padding or ICMP extensions.</summary>
    public ushort L4AvailableBytes;

    /// <summary>Where the checksum stands in the inner transport header: 16, 8, 6 or 2; 0 where translation changes none.</summary>
    public byte ChecksumOffset;

    /// <summary>Whether the bytes of the inner transport checksum, two or SCTP's four, are among the quoted ones; of TCP and SCTP
    /// they often are not.</summary>
    public readonly bool HasChecksum =>
        ChecksumOffset != 0 && ChecksumOffset + (Tuple.Protocol == IpProtocol.Sctp ? 4 : 2) <= L4AvailableBytes;

    /// <summary>
    /// Length in bytes of the inner transport message as it was sent, by its IP header: at least <see cref="L4AvailableBytes"/>. 0 for a
    /// fragment, whose header does not tell.
    /// </summary>
    public readonly int L4SentBytes => (L3->FlagsAndOffset.Host & Ipv4Header.MoreFragments) != 0
        ? 0
        : L3->TotalLengthBytes.Host - (int)(L4 - (byte*)L3);
}
