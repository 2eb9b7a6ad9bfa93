using System.Buffers.Binary;
using Dataplane.Packet;

namespace Dataplane.Conntrack.Tests;

/// <summary>Makes tuples of one address family, so that every table test runs for both.</summary>
public interface ITupleFamily<TTuple>
    where TTuple : unmanaged
{
    /// <summary>A tuple of its own for every number: neighbouring numbers differ in few bits, as a scan's packets do.</summary>
    static abstract TTuple Numbered(uint number);

    /// <summary>The tuple of the answers, untranslated.</summary>
    static abstract TTuple Inverted(TTuple tuple);
}

public readonly struct Ipv4Family : ITupleFamily<Ipv4Tuple>
{
    public static Ipv4Tuple Numbered(uint number) => new()
    {
        Source = Ipv4Address.FromHost(0x0A00_0000 + (number >> 8)),
        Destination = Ipv4Address.FromHost(0xC000_0201),
        SourcePort = Be16.FromHost((ushort)(1024 + (number & 255))),
        DestinationPort = Be16.FromHost(443),
        Protocol = IpProtocol.Tcp,
    };

    public static Ipv4Tuple Inverted(Ipv4Tuple tuple) => tuple.Inverted;
}

public readonly struct Ipv6Family : ITupleFamily<Ipv6Tuple>
{
    public static Ipv6Tuple Numbered(uint number) => new()
    {
        Source = Address(0x2001_0DB8_0000_0000, number >> 8),
        Destination = Address(0x2001_0DB8_FFFF_0000, 1),
        SourcePort = Be16.FromHost((ushort)(1024 + (number & 255))),
        DestinationPort = Be16.FromHost(443),
        Protocol = IpProtocol.Tcp,
    };

    public static Ipv6Tuple Inverted(Ipv6Tuple tuple) => tuple.Inverted;

    private static Ipv6Address Address(ulong high, ulong low) =>
        new(BinaryPrimitives.ReverseEndianness(high), BinaryPrimitives.ReverseEndianness(low));
}
