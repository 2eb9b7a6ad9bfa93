using System;
using Xunit;

namespace Dataplane.Packet.Tests;

/// <summary>RFC 1624: the incremental update equals full recomputation, corner cases first.</summary>
public sealed unsafe class ChecksumDeltaTests
{
    private const int HeadersCount = 1_000_000;

    [Fact]
    public void A_million_random_headers_update_as_if_recomputed()
    {
        var random = new Random(1624);
        Ipv4Header ip = default;
        TcpHeader tcp = default;
        for (int count = 0; count < HeadersCount; count++)
        {
            random.NextBytes(new Span<byte>(&ip, Ipv4Header.SizeBytes));
            random.NextBytes(new Span<byte>(&tcp, TcpHeader.SizeBytes));
            ip.VersionAndLength = Ipv4Header.VersionAndLengthPlain;
            ip.Protocol = IpProtocol.Tcp;
            Checksum.SetIpv4Header(&ip);
            Checksum.SetL4(&ip, (byte*)&tcp, TcpHeader.SizeBytes);

            Ipv4Header newIp = ip;
            TcpHeader newTcp = tcp;
            newIp.Source = Ipv4Address.FromRaw(Corner32(random));
            newTcp.SourcePort = Be16.FromRaw((ushort)Corner32(random));
            newTcp.Sequence = Be32.FromRaw(Corner32(random));
            ChecksumDelta address = ChecksumDelta.Between(ip.Source, newIp.Source);
            ChecksumDelta all = address
                .Add(ChecksumDelta.Between(tcp.SourcePort, newTcp.SourcePort))
                .Add(ChecksumDelta.Between(tcp.Sequence, newTcp.Sequence));
            Checksum.Apply(ref newIp.Checksum, address);
            Checksum.Apply(ref newTcp.Checksum, all);

            Ipv4Header fullIp = newIp;
            TcpHeader fullTcp = newTcp;
            Checksum.SetIpv4Header(&fullIp);
            Checksum.SetL4(&fullIp, (byte*)&fullTcp, TcpHeader.SizeBytes);
            if (fullIp.Checksum != newIp.Checksum || fullTcp.Checksum != newTcp.Checksum)
            {
                Assert.Fail($"header {count}: {newIp.Checksum}/{newTcp.Checksum}, recomputed {fullIp.Checksum}/{fullTcp.Checksum}");
            }

            Checksum.Apply(ref newIp.Checksum, address.Negated);
            Checksum.Apply(ref newTcp.Checksum, all.Negated);
            if (ip.Checksum != newIp.Checksum || tcp.Checksum != newTcp.Checksum)
            {
                Assert.Fail($"header {count}: the negated delta does not lead back");
            }
        }
    }

    [Fact]
    public void Every_value_of_a_changed_word_updates_as_if_recomputed()
    {
        ushort[] befores = [0x0000, 0x0001, 0x00FF, 0xFF00, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF];
        Ipv4Header ip = Header();
        foreach (ushort before in befores)
        {
            ip.Identification = Be16.FromRaw(before);
            Checksum.SetIpv4Header(&ip);
            for (int after = 0; after <= 0xFFFF; after++)
            {
                Ipv4Header updated = ip;
                updated.Identification = Be16.FromRaw((ushort)after);
                Checksum.Apply(ref updated.Checksum, ChecksumDelta.Between(before, (ushort)after));
                Ipv4Header full = updated;
                Checksum.SetIpv4Header(&full);
                Assert.Equal(full.Checksum.Raw, updated.Checksum.Raw);
            }
        }
    }

    [Fact]
    public void Every_checksum_value_moves_by_the_equation_of_RFC_1624()
    {
        ushort[] words = [0x0000, 0x0001, 0x5555, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF];
        foreach (ushort before in words)
        {
            foreach (ushort after in words)
            {
                for (int checksum = 0; checksum <= 0xFFFF; checksum++)
                {
                    // HC' = ~(~HC + ~m + m'), the sum folded until no carry is left.
                    long sum = (ushort)~checksum + (long)(ushort)~before + after;
                    while (sum > 0xFFFF)
                    {
                        sum = (sum & 0xFFFF) + (sum >> 16);
                    }

                    ushort field = (ushort)checksum;
                    Checksum.Apply(ref field, ChecksumDelta.Between(before, after));
                    Assert.Equal((ushort)~sum, field);
                }
            }
        }
    }

    [Fact]
    public void The_example_of_RFC_1624_gives_zero_and_not_all_ones()
    {
        // §4: HC = 0xDD2F, m = 0x5555, m' = 0x3285; the equation of RFC 1141 yields 0xFFFF here.
        ushort field = Be16.FromHost(0xDD2F).Raw;
        Checksum.Apply(ref field, ChecksumDelta.Between(Be16.FromHost(0x5555), Be16.FromHost(0x3285)));
        Assert.Equal(0, field);
    }

    [Fact]
    public void A_delta_of_two_words_is_the_sum_of_the_deltas_of_each()
    {
        var random = new Random(3);
        for (int count = 0; count < 100_000; count++)
        {
            uint before = Corner32(random);
            uint after = Corner32(random);
            ChecksumDelta whole = ChecksumDelta.Between(before, after);
            ChecksumDelta halves = ChecksumDelta.Between((ushort)before, (ushort)after)
                .Add(ChecksumDelta.Between((ushort)(before >> 16), (ushort)(after >> 16)));
            Assert.Equal(whole.Raw % 65535, halves.Raw % 65535);
        }
    }

    [Fact]
    public void No_change_leaves_every_checksum_of_a_header_as_it_is()
    {
        Assert.True(ChecksumDelta.Between(0x1234, 0x1234).IsNeutral);
        Assert.True(default(ChecksumDelta).IsNeutral);
        Assert.True(default(ChecksumDelta).Negated.IsNeutral);

        // 0xFFFF is the one value with a second spelling: over data that is not all zero it becomes 0x0000.
        for (int checksum = 0; checksum < 0xFFFF; checksum++)
        {
            ushort field = (ushort)checksum;
            Checksum.Apply(ref field, ChecksumDelta.Between(77, 77));
            Assert.Equal(checksum, field);
            Checksum.Apply(ref field, default);
            Assert.Equal(checksum, field);
        }
    }

    [Fact]
    public void A_wrong_checksum_stays_wrong_by_the_same_distance()
    {
        Ipv4Header ip = Header();
        Checksum.SetIpv4Header(&ip);
        for (int error = 1; error < 0xFFFF; error++)
        {
            Ipv4Header wrong = ip;
            wrong.Checksum = Be16.FromRaw((ushort)((ip.Checksum.Raw + error) % 65535));
            wrong.Source = Ipv4Address.Parse("203.0.113.9");
            Checksum.Apply(ref wrong.Checksum, ChecksumDelta.Between(ip.Source, wrong.Source));
            Assert.False(Checksum.VerifyIpv4Header(&wrong, Ipv4Header.SizeBytes));
        }
    }

    [Fact]
    public void Every_ttl_but_zero_decrements_as_if_recomputed()
    {
        Ipv4Header ip = Header();
        for (int protocol = 0; protocol <= 255; protocol++)
        {
            for (int ttl = 1; ttl <= 255; ttl++)
            {
                ip.Protocol = (byte)protocol;
                ip.Ttl = (byte)ttl;
                Checksum.SetIpv4Header(&ip);
                Checksum.DecrementTtl(&ip);
                Ipv4Header full = ip;
                Checksum.SetIpv4Header(&full);
                Assert.Equal(ttl - 1, ip.Ttl);
                Assert.Equal(full.Checksum, ip.Checksum);
            }
        }
    }

    [Fact]
    public void Udp_zero_stays_zero_under_every_delta()
    {
        for (int raw = 0; raw <= 0xFFFF; raw++)
        {
            Be16 field = default;
            Checksum.ApplyUdp(ref field, ChecksumDelta.FromRaw((ushort)raw));
            Assert.Equal(0, field.Raw);
        }
    }

    [Fact]
    public void Udp_never_becomes_zero_and_equals_recomputation()
    {
        Ipv4Header ip = Header();
        ip.Protocol = IpProtocol.Udp;
        UdpHeader udp = new() { SourcePort = Be16.FromHost(1000), DestinationPort = Be16.FromHost(53), LengthBytes = Be16.FromHost(8) };
        Checksum.SetL4(&ip, (byte*)&udp, UdpHeader.SizeBytes);
        int allOnes = 0;
        for (int port = 0; port <= 0xFFFF; port++)
        {
            UdpHeader updated = udp;
            updated.SourcePort = Be16.FromRaw((ushort)port);
            Checksum.ApplyUdp(ref updated.Checksum, ChecksumDelta.Between(udp.SourcePort, updated.SourcePort));
            UdpHeader full = updated;
            Checksum.SetL4(&ip, (byte*)&full, UdpHeader.SizeBytes);
            Assert.Equal(full.Checksum, updated.Checksum);
            Assert.NotEqual(0, updated.Checksum.Raw);
            allOnes += updated.Checksum.Raw == 0xFFFF ? 1 : 0;

            // And back again, from all ones too.
            Checksum.ApplyUdp(ref updated.Checksum, ChecksumDelta.Between(udp.SourcePort, updated.SourcePort).Negated);
            Assert.Equal(udp.Checksum, updated.Checksum);
        }

        Assert.Equal(1, allOnes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    public void Every_icmp_id_updates_to_what_a_receiver_accepts(byte type)
    {
        for (int id = 0; id <= 0xFFFF; id++)
        {
            IcmpHeader icmp = new() { Type = type, Identifier = Be16.FromRaw((ushort)id) };
            icmp.Checksum = Be16.FromRaw(Checksum.Internet((byte*)&icmp, IcmpHeader.SizeBytes));
            ChecksumDelta delta = ChecksumDelta.Between(icmp.Identifier, default);
            icmp.Identifier = default;
            Checksum.ApplyIcmp(&icmp, delta);
            Assert.True(Checksum.Verify((byte*)&icmp, IcmpHeader.SizeBytes));
            IcmpHeader full = icmp with { Checksum = default };
            Assert.Equal(Checksum.Internet((byte*)&full, IcmpHeader.SizeBytes), icmp.Checksum.Raw);
        }
    }

    [Fact]
    public void Both_overloads_of_apply_do_the_same()
    {
        ushort raw = 0x1234;
        ushort rawUdp = 0x1234;
        Be16 field = Be16.FromRaw(raw);
        Be16 fieldUdp = Be16.FromRaw(raw);
        ChecksumDelta delta = ChecksumDelta.Between(1u, 0xFFFF_0000u);
        Checksum.Apply(ref raw, delta);
        Checksum.Apply(ref field, delta);
        Checksum.ApplyUdp(ref rawUdp, delta);
        Checksum.ApplyUdp(ref fieldUdp, delta);
        Assert.Equal(raw, field.Raw);
        Assert.Equal(raw, rawUdp);
        Assert.Equal(raw, fieldUdp.Raw);
    }

    private static Ipv4Header Header() => new()
    {
        VersionAndLength = Ipv4Header.VersionAndLengthPlain,
        TotalLengthBytes = Be16.FromHost(28),
        Ttl = 64,
        Protocol = IpProtocol.Tcp,
        Source = Ipv4Address.Parse("10.0.0.1"),
        Destination = Ipv4Address.Parse("192.0.2.1"),
    };

    /// <summary>Any value, with the ends of each half far more often than chance would have them.</summary>
    private static uint Corner32(Random random)
    {
        uint value = (uint)random.NextInt64(1L << 32);
        return random.Next(8) switch
        {
            0 => 0,
            1 => uint.MaxValue,
            2 => value & 0xFFFF,
            3 => value | 0xFFFF,
            4 => value | 0xFFFF_0000,
            _ => value,
        };
    }
}
