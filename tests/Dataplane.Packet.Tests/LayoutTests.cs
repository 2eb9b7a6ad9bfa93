using System;
using System.Globalization;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Xunit;

namespace Dataplane.Packet.Tests;

/// <summary>Layouts are contracts: with the wire, with DPDK, with the table. Every offset is stated twice.</summary>
public sealed class LayoutTests
{
    /// <summary>Type, size, and every field as name@offset.</summary>
    public static TheoryData<Type, int, string> Layouts => new()
    {
        { typeof(Be16), 2, "Raw@0" },
        { typeof(Be32), 4, "Raw@0" },
        { typeof(Ipv4Address), 4, "Raw@0" },
        { typeof(Ipv6Address), 16, "RawHigh@0 RawLow@8" },
        { typeof(MacAddress), 6, "" },
        { typeof(ChecksumDelta), 2, "Raw@0" },
        { typeof(EthernetHeader), 14, "Destination@0 Source@6 EtherType@12" },
        { typeof(VlanTag), 4, "Control@0 EtherType@2" },
        {
            typeof(ArpPacket), 28,
            "HardwareType@0 ProtocolType@2 HardwareLengthBytes@4 ProtocolLengthBytes@5 Operation@6 SenderMac@8 SenderAddress@14 "
            + "TargetMac@18 TargetAddress@24"
        },
        {
            typeof(Ipv4Header), 20,
            "VersionAndLength@0 TypeOfService@1 TotalLengthBytes@2 Identification@4 FlagsAndOffset@6 Ttl@8 Protocol@9 Checksum@10 "
            + "Source@12 Destination@16"
        },
        { typeof(FragmentHeader), 8, "NextHeader@0 OffsetAndFlags@2 Identification@4" },
        { typeof(Ipv6Header), 40, "VersionClassFlow@0 PayloadLengthBytes@4 NextHeader@6 HopLimit@7 Source@8 Destination@24" },
        {
            typeof(TcpHeader), 20,
            "SourcePort@0 DestinationPort@2 Sequence@4 Acknowledgment@8 OffsetAndReserved@12 Flags@13 Window@14 Checksum@16 "
            + "UrgentPointer@18"
        },
        { typeof(UdpHeader), 8, "SourcePort@0 DestinationPort@2 LengthBytes@4 Checksum@6" },
        { typeof(IcmpHeader), 8, "Type@0 Code@1 Checksum@2 Rest@4 Identifier@4 Sequence@6 NextHopMtuBytes@6" },
        { typeof(Ipv4Tuple), 16, "Source@0 Destination@4 SourcePort@8 DestinationPort@10 Zone@12 Protocol@14 Kind@15" },
        { typeof(Ipv6Tuple), 40, "Source@0 Destination@16 SourcePort@32 DestinationPort@34 Zone@36 Protocol@38 Kind@39" },
        {
            typeof(Mbuf), 128,
            "BufferAddress@0 BufferIova@8 DataOffset@16 ReferenceCount@18 SegmentCount@20 Port@22 Flags@24 PacketType@32 "
            + "PacketLength@36 DataLength@40 VlanTci@42 RssHash@44 VlanTciOuter@52 BufferLength@54 Pool@56 Next@64 TxOffload@72 "
            + "SharedInfo@80 PrivateSize@88 Timesync@90"
        },
        {
            typeof(PacketMeta), 64,
            "Tuple@0 Hash@16 L3@24 L4@32 Reference@40 L3LengthBytes@44 L4LengthBytes@46 Kind@48 TcpFlags@49 Ttl@50 L2LengthBytes@51 "
            + "Port@52 Reason@53 VlanId@54 PayloadBytes@56 Egress@58 Fragment@59 Adjacency@60 FragmentId@16 FragmentOffsetBytes@20 "
            + "FragmentLengthBytes@22"
        },
    };

    [Theory]
    [MemberData(nameof(Layouts))]
    public void A_structure_has_its_documented_size_and_offsets(Type type, int sizeBytes, string fields)
    {
        Assert.Equal(sizeBytes, SizeOf(type));
        string actual = string.Join(
            ' ',
            type.GetFields().Where(field => !field.IsStatic).Select(field => (field.Name, Offset: (int)Marshal.OffsetOf(type, field.Name)))
                .OrderBy(field => field.Offset)
                .Select(field => string.Create(CultureInfo.InvariantCulture, $"{field.Name}@{field.Offset}")));
        Assert.Equal(Sorted(fields), Sorted(actual));
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void A_size_constant_agrees_with_the_size(Type type, int sizeBytes, string fields)
    {
        _ = fields;
        object? constant = type.GetField("SizeBytes")?.GetRawConstantValue();
        Assert.Equal(sizeBytes, constant ?? sizeBytes);
    }

    [Fact]
    public unsafe void Headers_may_stand_at_any_address()
    {
        byte* memory = stackalloc byte[48];
        for (int shift = 0; shift < 8; shift++)
        {
            var ip = (Ipv4Header*)(memory + shift);
            *ip = new Ipv4Header { Source = Ipv4Address.Parse("10.1.2.3"), TotalLengthBytes = Be16.FromHost(0x0102) };
            Assert.Equal([10, 1, 2, 3], new ReadOnlySpan<byte>(memory + shift + 12, 4).ToArray());
            Assert.Equal([1, 2], new ReadOnlySpan<byte>(memory + shift + 2, 2).ToArray());
        }
    }

    private static string Sorted(string fields) => string.Join(' ', fields.Split(' ').Order(StringComparer.Ordinal));

    private static int SizeOf(Type type) =>
        (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;
}
