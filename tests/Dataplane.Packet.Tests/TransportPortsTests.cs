using System;
using System.Globalization;
using System.Linq;
using Xunit;

namespace Dataplane.Packet.Tests;

/// <summary>What SCTP, DCCP, UDP-Lite and GRE put into a tuple's ports, and what is refused.</summary>
public sealed unsafe class TransportPortsTests
{
    [Theory]
    [InlineData("1234 5678 00000001 00000000", DropReason.None, 0x1234, 0x5678)]
    [InlineData("1234 5678 00000001 000000", DropReason.SctpTruncated, 0, 0)]
    [InlineData("", DropReason.SctpTruncated, 0, 0)]
    public void Sctp_needs_its_common_header(string hex, DropReason reason, int source, int destination) =>
        Check(hex, reason, source, destination, (byte* l4, int bytes, out Be16 from, out Be16 to) => SctpHeader.ReadPorts(l4, bytes, out from, out to));

    [Theory]
    [InlineData("1234 5678 0000 abcd 00", DropReason.None, 9)]
    [InlineData("1234 5678 0008 abcd 00", DropReason.None, 8)]
    [InlineData("1234 5678 0009 abcd 00", DropReason.None, 9)]
    [InlineData("1234 5678 000a abcd 00", DropReason.UdpLiteCoverageBad, 0)]
    [InlineData("1234 5678 0007 abcd 00", DropReason.UdpLiteCoverageBad, 0)]
    [InlineData("1234 5678 0001 abcd 00", DropReason.UdpLiteCoverageBad, 0)]
    [InlineData("1234 5678 0000 0000 00", DropReason.L4ChecksumBad, 0)]
    [InlineData("1234 5678 0000 ab", DropReason.UdpTruncated, 0)]
    public void Udp_lite_covers_its_header_at_least_and_always_has_a_checksum(string hex, DropReason reason, int covered)
    {
        int actual = 0;
        Check(hex, reason, reason == DropReason.None ? 0x1234 : 0, reason == DropReason.None ? 0x5678 : 0, (byte* l4, int bytes, out Be16 from, out Be16 to) =>
        {
            actual = ((UdpLiteHeader*)l4)->CoveredBytesOf(bytes);
            return UdpLiteHeader.ReadPorts(l4, bytes, out from, out to);
        });
        Assert.True(reason != DropReason.None || covered == actual, $"{actual} covered");
    }

    [Theory]
    [InlineData("1234 5678 04 00 abcd 01 000001 00000000", DropReason.None, 16)]
    [InlineData("1234 5678 04 01 abcd 01 000001 00000000", DropReason.None, 16)]
    [InlineData("1234 5678 04 02 abcd 01 000001 00000000 aabbccdd ee", DropReason.None, 20)]
    [InlineData("1234 5678 04 02 abcd 01 000001 00000000", DropReason.DccpHeaderBad, 0)]
    [InlineData("1234 5678 03 00 abcd 04 000001", DropReason.None, 12)]
    [InlineData("1234 5678 03 00 abcd 00 000001", DropReason.DccpHeaderBad, 0)]
    [InlineData("1234 5678 03 00 abcd 05 000001", DropReason.DccpHeaderBad, 0)]
    [InlineData("1234 5678 02 00 abcd 04 000001", DropReason.DccpHeaderBad, 0)]
    [InlineData("1234 5678 05 00 abcd 01 000001 00000000", DropReason.DccpHeaderBad, 0)]
    [InlineData("1234 5678 04 00 abcd 15 000001 00000000", DropReason.DccpHeaderBad, 0)]
    [InlineData("1234 5678 03 00 abcd 04 0000", DropReason.DccpTruncated, 0)]
    public void Dccp_has_a_header_that_fits_its_type(string hex, DropReason reason, int covered)
    {
        int actual = 0;
        Check(hex, reason, reason == DropReason.None ? 0x1234 : 0, reason == DropReason.None ? 0x5678 : 0, (byte* l4, int bytes, out Be16 from, out Be16 to) =>
        {
            actual = ((DccpHeader*)l4)->CoveredBytesOf(bytes);
            return DccpHeader.ReadPorts(l4, bytes, out from, out to);
        });
        Assert.True(reason != DropReason.None || covered == actual, $"{actual} covered");
    }

    [Theory]
    [InlineData("0000 0800", DropReason.None, 0, 0)]
    [InlineData("2000 0800 12345678", DropReason.None, 0x1234 ^ 0x5678, 0x1234 ^ 0x5678)]
    [InlineData("a000 0800 aaaaaaaa 12345678", DropReason.None, 0x1234 ^ 0x5678, 0x1234 ^ 0x5678)]
    [InlineData("6000 0800 aaaaaaaa 00000007", DropReason.None, 7, 7)]
    [InlineData("2000 0800 123456", DropReason.GreTruncated, 0, 0)]
    [InlineData("a000 0800 aaaaaaaa 123456", DropReason.GreTruncated, 0, 0)]
    [InlineData("3001 880b 00100042 00000000", DropReason.None, 0, 0x42)]
    [InlineData("3081 880b 00100042", DropReason.None, 0, 0x42)]
    [InlineData("2001 880b 0010", DropReason.GreTruncated, 0, 0)]
    [InlineData("2002 0800 12345678", DropReason.None, 0, 0)]
    [InlineData("0000 08", DropReason.GreTruncated, 0, 0)]
    [InlineData("8000 0800 aaaa00", DropReason.GreTruncated, 0, 0)]
    [InlineData("1000 0800 000000", DropReason.GreTruncated, 0, 0)]
    [InlineData("b000 0800 aaaa0000 00000009 00000001", DropReason.None, 9, 9)]
    [InlineData("b000 0800 aaaa0000 00000009 000000", DropReason.GreTruncated, 0, 0)]
    public void Gre_has_its_key_in_both_ports_and_its_call_id_in_one(string hex, DropReason reason, int source, int destination) =>
        Check(hex, reason, source, destination, (byte* l4, int bytes, out Be16 from, out Be16 to) => GreHeader.ReadPorts(l4, bytes, out from, out to));

    private delegate DropReason Reader(byte* l4, int availableBytes, out Be16 source, out Be16 destination);

    private static void Check(string hex, DropReason reason, int source, int destination, Reader read)
    {
        byte[] data = [.. hex.Replace(" ", string.Empty, StringComparison.Ordinal).Chunk(2)
            .Select(pair => byte.Parse(pair, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];

        // Room behind the end for the questions that a test asks about what was refused.
        byte[] room = [.. data, .. new byte[8]];
        fixed (byte* bytes = room)
        {
            Assert.Equal(reason, read(bytes, data.Length, out Be16 from, out Be16 to));
            Assert.Equal((source, destination), (from.Host, to.Host));
        }
    }
}
