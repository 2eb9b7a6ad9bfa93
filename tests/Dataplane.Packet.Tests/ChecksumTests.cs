using System;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Packet.Tests;

/// <summary>The full checksum against the textbook one.</summary>
public sealed unsafe class ChecksumTests
{
    [Fact]
    public void The_example_of_RFC_1071_sums_as_printed()
    {
        // RFC 1071 §3: 00 01 f2 03 f4 f5 f6 f7 has the sum ddf2.
        ReadOnlySpan<byte> data = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        fixed (byte* start = data)
        {
            Assert.Equal(0xddf2, Be16.FromRaw(Checksum.Fold(Checksum.Sum(start, data.Length))).Host);
            Assert.Equal(0xffff - 0xddf2, Be16.FromRaw(Checksum.Internet(start, data.Length)).Host);
        }
    }

    [Fact]
    public void Every_length_and_alignment_agrees_with_the_reference()
    {
        byte[] data = new byte[2100];
        new Random(1).NextBytes(data);
        fixed (byte* start = data)
        {
            for (int length = 0; length <= 2048; length++)
            {
                int shift = length % 37;
                ushort expected = ReferenceChecksum.Of(data.AsSpan(shift, length));
                Assert.Equal(expected, Be16.FromRaw(Checksum.Internet(start + shift, length)).Host);
            }
        }
    }

    [Theory]
    [InlineData(0x00)]
    [InlineData(0xFF)]
    public void Extreme_bytes_neither_lose_a_carry_nor_confuse_the_zeros(byte value)
    {
        byte[] data = new byte[65535];
        data.AsSpan().Fill(value);
        fixed (byte* start = data)
        {
            foreach (int length in (int[])[0, 1, 2, 3, 8, 20, 63, 64, 65, 1500, 65534, 65535])
            {
                Assert.Equal(ReferenceChecksum.Of(data.AsSpan(0, length)), Be16.FromRaw(Checksum.Internet(start, length)).Host);
            }
        }
    }

    [Fact]
    public void A_read_stops_at_the_last_byte()
    {
        using var mbuf = new GuardedMbuf();
        for (int length = 0; length <= 300; length++)
        {
            byte[] data = new byte[length];
            new Random(length).NextBytes(data);
            Mbuf* loaded = mbuf.Load(data);
            Assert.Equal(ReferenceChecksum.Of(data), Be16.FromRaw(Checksum.Internet(loaded->Data, length)).Host);
        }
    }

    [Fact]
    public void Sums_of_even_parts_chain_by_the_seed()
    {
        byte[] data = new byte[1000];
        new Random(2).NextBytes(data);
        fixed (byte* start = data)
        {
            for (int cut = 0; cut <= data.Length; cut += 2)
            {
                ulong first = Checksum.Sum(start, cut);
                Assert.Equal(Checksum.Internet(start, data.Length), Checksum.Internet(start + cut, data.Length - cut, first));
            }
        }
    }

    [Fact]
    public void Folding_keeps_the_remainder_of_every_sum()
    {
        // A one's complement sum is the remainder modulo 65535, zero being 0 for nothing at all and 65535 otherwise.
        ulong[] uppers = [0, 1, 0xFFFF, 0x1_0000, 0x1_FFFF, 0xFFFF_FFFF, 0x7FFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF];
        foreach (ulong upper in uppers)
        {
            for (ulong lower = 0; lower <= 0xFFFF; lower++)
            {
                ulong sum = upper << 16 | lower;
                ulong expected = sum == 0 ? 0 : sum % 65535 == 0 ? 65535 : sum % 65535;
                Assert.Equal(expected, Checksum.Fold(sum));
            }
        }
    }

    [Theory]
    [InlineData("udp")]
    [InlineData("tcp")]
    [InlineData("icmp")]
    [InlineData("udp6")]
    [InlineData("tcp6")]
    [InlineData("icmp6")]
    public void Stored_checksums_are_those_of_the_builder_and_verify_until_a_bit_flips(string kind)
    {
        for (int payload = 0; payload < 70; payload++)
        {
            PacketBuilder builder = kind.EndsWith('6')
                ? new PacketBuilder().Ipv6("2001:db8::1", "2001:db8::2")
                : new PacketBuilder().Ipv4("10.0.0.1", "192.0.2.1").Options(1, 1, 1, 1);
            byte[] frame = (kind switch
            {
                "udp" or "udp6" => builder.Udp(1, 2),
                "tcp" or "tcp6" => builder.Tcp(1, 2),
                "icmp" => builder.Icmp(8, 0, 1, 2),
                _ => builder.Icmpv6(128, 0, 3),
            }).Payload(payload).Build();
            int l4 = 14 + (kind.EndsWith('6') ? 40 : 24);
            byte[] cleared = [.. frame];
            fixed (byte* data = cleared)
            {
                int lengthBytes = frame.Length - l4;
                if (kind.EndsWith('6'))
                {
                    var ip = (Ipv6Header*)(data + 14);
                    Checksum.SetL4(ip, ip->NextHeader, data + l4, lengthBytes);
                    Assert.True(Checksum.VerifyL4(ip, ip->NextHeader, data + l4, lengthBytes));
                    data[frame.Length - 1] ^= 0x10;
                    Assert.False(Checksum.VerifyL4(ip, ip->NextHeader, data + l4, lengthBytes));
                }
                else
                {
                    var ip = (Ipv4Header*)(data + 14);
                    Checksum.SetIpv4Header(ip);
                    Checksum.SetL4(ip, data + l4, lengthBytes);
                    Assert.True(Checksum.VerifyIpv4Header(ip, 24));
                    Assert.True(Checksum.VerifyL4(ip, ip->Protocol, data + l4, lengthBytes));
                    data[frame.Length - 1] ^= 0x10;
                    Assert.False(Checksum.VerifyL4(ip, ip->Protocol, data + l4, lengthBytes));
                }

                data[frame.Length - 1] ^= 0x10;
            }

            Assert.Equal(frame, cleared);
        }
    }

    [Fact]
    public void Udp_without_a_checksum_passes_over_ipv4_and_fails_over_ipv6()
    {
        byte[] four = new PacketBuilder().Ipv4("10.0.0.1", "192.0.2.1").Udp(1, 2).WithChecksum(0).Build();
        byte[] six = new PacketBuilder().Ipv6("2001:db8::1", "2001:db8::2").Udp(1, 2).WithChecksum(0).Build();
        fixed (byte* data4 = four, data6 = six)
        {
            Assert.True(Checksum.VerifyL4((Ipv4Header*)(data4 + 14), IpProtocol.Udp, data4 + 34, 8));
            Assert.False(Checksum.VerifyL4((Ipv6Header*)(data6 + 14), IpProtocol.Udp, data6 + 54, 8));
        }
    }

    [Fact]
    public void Udp_that_sums_to_zero_is_sent_as_all_ones()
    {
        // The second port is searched for until the sum is zero; the pseudo-header makes it exist exactly once.
        int found = 0;
        for (int port = 0; port <= 0xFFFF; port++)
        {
            byte[] frame = new PacketBuilder().Ipv4("10.0.0.1", "192.0.2.1").Udp(1000, (ushort)port).WithChecksum(0).Build();
            fixed (byte* data = frame)
            {
                var ip = (Ipv4Header*)(data + 14);
                if (Checksum.Internet(data + 34, 8, Checksum.PseudoHeader(ip, IpProtocol.Udp, 8)) == 0)
                {
                    found++;
                    Checksum.SetL4(ip, data + 34, 8);
                    Assert.Equal(0xFFFF, ((UdpHeader*)(data + 34))->Checksum.Raw);
                    Assert.True(Checksum.VerifyL4(ip, IpProtocol.Udp, data + 34, 8));
                }
            }
        }

        Assert.Equal(1, found);
    }
}
