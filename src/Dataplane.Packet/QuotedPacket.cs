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

    /// <summary>Where the checksum stands in the inner transport header: 16, 6 or 2.</summary>
    public byte ChecksumOffset;

    /// <summary>Whether the two bytes of the inner transport checksum are among the quoted ones; of TCP they often are
    /// not.</summary>
    public readonly bool HasChecksum => ChecksumOffset + 2 <= L4AvailableBytes;
}
