using System;
using System.Linq;
using System.Text;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Packet.Tests;

/// <summary>CRC32c against published vectors, its table, and a second computation.</summary>
public sealed unsafe class Crc32cTests
{
    /// <summary>RFC 3720 §B.4, the bytes of the CRC read as a little-endian word.</summary>
    public static TheoryData<string, byte[], uint> Vectors => new()
    {
        { "32 bytes of zeros", new byte[32], 0x8A91_36AA },
        { "32 bytes of ones", [.. Enumerable.Repeat((byte)0xFF, 32)], 0x62A8_AB43 },
        { "32 bytes of incrementing values", [.. Enumerable.Range(0, 32).Select(value => (byte)value)], 0x46DD_794E },
        { "32 bytes of decrementing values", [.. Enumerable.Range(0, 32).Select(value => (byte)(31 - value))], 0x113F_DB5C },
        {
            "an iSCSI SCSI read command",
            [
                0x01, 0xC0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0x14, 0, 0, 0, 0x18,
                0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0,
            ],
            0xD996_3A56
        },
        { "the nine digits of the catalogues", Encoding.ASCII.GetBytes("123456789"), 0xE306_9283 },
        { "nothing", [], 0 },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void A_published_vector_is_met_by_instruction_table_and_reference(string name, byte[] data, uint crc)
    {
        Assert.NotEmpty(name);
        fixed (byte* bytes = data.Length == 0 ? new byte[1] : data)
        {
            Assert.Equal(crc, Crc32c.Compute(bytes, data.Length));
            Assert.Equal(crc, ~Crc32c.ExtendByTable(uint.MaxValue, bytes, data.Length));
            Assert.Equal(crc, ReferenceCrc32c.Of(data));
        }
    }

    [Fact]
    public void Instruction_and_table_agree_at_every_length_and_alignment()
    {
        byte[] data = new byte[300];
        new Random(32).NextBytes(data);
        fixed (byte* bytes = data)
        {
            for (int start = 0; start < 9; start++)
            {
                for (int length = 0; length < 280; length++)
                {
                    Assert.Equal(Crc32c.ExtendByTable(0x1234_5678, bytes + start, length), Crc32c.Extend(0x1234_5678, bytes + start, length));
                }
            }
        }
    }

    [Theory]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(16)]
    [InlineData(1480)]
    [InlineData(65_515)]
    public void Changed_ports_are_adjusted_as_if_computed_anew_and_damage_stays_found(int lengthBytes)
    {
        byte[] data = new byte[lengthBytes];
        Random random = new(lengthBytes);
        fixed (byte* bytes = data)
        {
            var packet = (SctpHeader*)bytes;
            for (int round = 0; round < 50; round++)
            {
                random.NextBytes(data);
                Crc32c.Write(packet, lengthBytes);
                Assert.True(Crc32c.IsValid(packet, lengthBytes));
                var source = Be16.FromHost((ushort)random.Next(65_536));
                var destination = Be16.FromHost((ushort)random.Next(65_536));
                Crc32c.Replace(packet, lengthBytes, source, destination);
                Assert.Equal((source, destination), (packet->SourcePort, packet->DestinationPort));
                Assert.True(Crc32c.IsValid(packet, lengthBytes));
                bytes[random.Next(lengthBytes)] ^= (byte)random.Next(1, 256);
                Assert.False(Crc32c.IsValid(packet, lengthBytes));
                Crc32c.Replace(packet, lengthBytes, Be16.FromHost(1), packet->DestinationPort);
                Assert.False(Crc32c.IsValid(packet, lengthBytes));
            }
        }
    }

    [Fact]
    public void Equal_ports_leave_the_packet_as_it_is()
    {
        byte[] data = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
        byte[] before = [.. data];
        fixed (byte* bytes = data)
        {
            Crc32c.Replace((SctpHeader*)bytes, data.Length, Be16.FromHost(0x0102), Be16.FromHost(0x0304));
        }

        Assert.Equal(before, data);
    }

    [Fact]
    public void The_checksum_is_stored_least_significant_byte_first()
    {
        byte[] data = new byte[16];
        fixed (byte* bytes = data)
        {
            uint crc = Crc32c.Compute(bytes, data.Length);
            Crc32c.Write((SctpHeader*)bytes, data.Length);
            Assert.Equal((byte[])[(byte)crc, (byte)(crc >> 8), (byte)(crc >> 16), (byte)(crc >> 24)], data[8..12]);
        }
    }
}
