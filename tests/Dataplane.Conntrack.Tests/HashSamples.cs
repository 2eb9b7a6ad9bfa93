using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

public enum HashFamily
{
    Ipv4,
    Ipv6,
}

/// <summary>A hash under test: <see cref="TupleHash.Compute"/> or one planted to be caught.</summary>
internal unsafe delegate ulong KeyedHash(byte* tuple, int lengthBytes, HashKey* key);

/// <summary>What a sender or a tenant chooses of a tuple; numbers count from an address range of the family.</summary>
internal readonly record struct HashSample
{
    public uint Source { get; init; }

    public uint Destination { get; init; }

    public uint SourcePort { get; init; }

    public uint DestinationPort { get; init; }

    public uint Zone { get; init; }

    public uint Protocol { get; init; }

    public uint Kind { get; init; }

    /// <summary>An echo request of the family's ICMP, in place of <see cref="Protocol"/> and <see cref="Kind"/>.</summary>
    public bool IsEcho { get; init; }

    /// <summary>The tuple of the answers to the one described.</summary>
    public bool IsAnswer { get; init; }
}

/// <summary>Sets of tuples as scans, large networks, many tenants and attackers make them: few bits vary, in a pattern.</summary>
internal static unsafe class HashSamples
{
    /// <summary>The size of every set that has room for it; 2^16, so that a set can be all ports or all zones.</summary>
    public const int Count = 1 << 16;

    /// <summary>The set that is not described by fields: every tuple at most two bits away from an ordinary one.</summary>
    public const string FewBits = "up to two bits of the tuple";

    public const string AddressesByPorts = "addresses x source ports";
    public const string SourcePorts = "sequential source ports";
    public const string BothWays = "tuples and their answers between equal ports";

    // A byte of the number each: a product set of 256 x 256.
    private static readonly Dictionary<string, (int Count, Func<uint, HashSample> Make)> s_sets = new()
    {
        [AddressesByPorts] = (Count, n => Tcp with { Source = n >> 8, SourcePort = n & 255 }),
        ["many addresses x four destination ports"] = (Count, n => Tcp with { Source = n >> 2, DestinationPort = n & 3 }),
        ["addresses in steps of 2^16 x ports in steps of 2^8"] = (Count, n => Tcp with { Source = n >> 8 << 16, SourcePort = n << 8 & 0xFF00 }),
        ["sequential source addresses"] = (Count, n => Tcp with { Source = n }),
        ["sequential destination addresses"] = (Count, n => Tcp with { Destination = n }),
        ["sequential networks"] = (Count, n => Tcp with { Source = n << 16 }),
        ["source x destination addresses"] = (Count, n => Tcp with { Source = n >> 8, Destination = n & 255 }),
        [SourcePorts] = (Count, n => Tcp with { SourcePort = n }),
        ["sequential destination ports"] = (Count, n => Tcp with { DestinationPort = n }),
        ["source x destination ports"] = (Count, n => Tcp with { SourcePort = n >> 8, DestinationPort = n & 255 }),
        ["one tuple in every zone"] = (Count, n => Tcp with { Zone = n }),
        ["one tuple in 2,000 zones"] = (2000, n => Tcp with { Zone = n + 1 }),
        ["zones x source ports"] = (Count, n => Tcp with { Zone = n >> 8, SourcePort = n & 255 }),
        ["zones x addresses"] = (Count, n => Tcp with { Zone = n >> 8, Source = n & 255 }),
        ["tuples and their answers"] = (Count, n => Tcp with { Source = n >> 9, SourcePort = n >> 1 & 255, IsAnswer = (n & 1) != 0 }),
        [BothWays] = (Count, n => Tcp with { Source = n >> 1, SourcePort = 443, IsAnswer = (n & 1) != 0 }),
        ["tuples and the answers to one translated address"] = (Count, n => (n & 1) == 0
            ? Tcp with { Source = n >> 9, SourcePort = n >> 1 & 255 }
            : Tcp with { Source = 1u << 24, SourcePort = n >> 1, IsAnswer = true }),
        ["originals in a zone each, answers in the default zone"] = (Count, n => (n & 1) == 0
            ? Tcp with { Zone = 1 + (n >> 9), SourcePort = n >> 1 & 255 }
            : Tcp with { Source = 1u << 24, SourcePort = n >> 1, IsAnswer = true }),
        ["echo identifiers of one host"] = (Count, n => new HashSample { SourcePort = n, IsEcho = true }),
        ["hosts x echo identifiers"] = (Count, n => new HashSample { Source = n >> 8, SourcePort = n & 255, IsEcho = true }),
        ["echo requests and replies"] =
            (Count, n => new HashSample { Source = n >> 9, SourcePort = n >> 1 & 255, IsEcho = true, IsAnswer = (n & 1) != 0 }),
        ["protocols x kinds"] = (Count, n => new HashSample { Protocol = n >> 8, Kind = n & 255 }),
    };

    /// <summary>Every set for each family, as theory data.</summary>
    public static TheoryData<string, HashFamily> All
    {
        get
        {
            var all = new TheoryData<string, HashFamily>();
            foreach (string set in s_sets.Keys.Append(FewBits))
            {
                all.Add(set, HashFamily.Ipv4);
                all.Add(set, HashFamily.Ipv6);
            }

            return all;
        }
    }

    private static HashSample Tcp => new() { DestinationPort = 443, Protocol = IpProtocol.Tcp };

    public static int TupleBytes(HashFamily family) => family == HashFamily.Ipv4 ? Ipv4Tuple.SizeBytes : Ipv6Tuple.SizeBytes;

    /// <summary>The tuples of a set one after the other, each of <see cref="TupleBytes"/>.</summary>
    public static byte[] Tuples(string set, HashFamily family)
    {
        if (set == FewBits)
        {
            return FewBitsApart(family);
        }

        (int count, Func<uint, HashSample> make) = s_sets[set];
        return Tuples(count, make, family);
    }

    public static byte[] Tuples(int count, Func<uint, HashSample> make, HashFamily family)
    {
        int size = TupleBytes(family);
        byte[] tuples = new byte[count * size];
        fixed (byte* bytes = tuples)
        {
            for (int number = 0; number < count; number++)
            {
                Write(make((uint)number), family, bytes + number * size);
            }
        }

        return tuples;
    }

    /// <summary>Products of 32 x 32, small enough to hash under many keys; all but the last across blocks of an IPv6 tuple.</summary>
    public static IEnumerable<byte[]> SmallProducts(HashFamily family)
    {
        yield return Tuples(1024, n => Tcp with { Source = n >> 5, SourcePort = n & 31 }, family);
        yield return Tuples(1024, n => Tcp with { Source = n >> 5, Destination = n & 31 }, family);
        yield return Tuples(1024, n => Tcp with { Destination = n >> 5, Zone = n & 31 }, family);
        yield return Tuples(1024, n => Tcp with { Zone = n >> 5, SourcePort = n & 31 }, family);
    }

    /// <summary>The hashes of <paramref name="tuples"/>, in order, under the repeatable key of <paramref name="seed"/>.</summary>
    public static ulong[] Hashes(byte[] tuples, HashFamily family, KeyedHash hash, ulong seed)
    {
        int size = TupleBytes(family);
        HashKey key;
        HashKey.FillFrom(&key, seed);
        ulong[] hashes = new ulong[tuples.Length / size];
        fixed (byte* bytes = tuples)
        {
            for (int number = 0; number < hashes.Length; number++)
            {
                hashes[number] = hash(bytes + number * size, size, &key);
            }
        }

        return hashes;
    }

    /// <summary>The hash as the table computes it.</summary>
    public static ulong Compute(byte* tuple, int lengthBytes, HashKey* key) => lengthBytes == Ipv4Tuple.SizeBytes
        ? TupleHash.Compute((Ipv4Tuple*)tuple, key)
        : TupleHash.Compute((Ipv6Tuple*)tuple, key);

    private static void Write(HashSample sample, HashFamily family, byte* bytes)
    {
        if (family == HashFamily.Ipv4)
        {
            var tuple = new Ipv4Tuple
            {
                Source = Ipv4Address.FromHost(0x0A00_0000 + sample.Source),
                Destination = Ipv4Address.FromHost(0xC000_0201 + sample.Destination),
                SourcePort = Be16.FromHost((ushort)sample.SourcePort),
                DestinationPort = Be16.FromHost((ushort)sample.DestinationPort),
                Zone = (ushort)sample.Zone,
                Protocol = sample.IsEcho ? IpProtocol.Icmp : (byte)sample.Protocol,
                Kind = sample.IsEcho ? IcmpType.EchoRequest : (byte)sample.Kind,
            };
            *(Ipv4Tuple*)bytes = sample.IsAnswer ? tuple.Inverted : tuple;
        }
        else
        {
            var tuple = new Ipv6Tuple
            {
                Source = Address(0x2001_0DB8_0000_0000, sample.Source),
                Destination = Address(0x2001_0DB8_FFFF_0000, sample.Destination),
                SourcePort = Be16.FromHost((ushort)sample.SourcePort),
                DestinationPort = Be16.FromHost((ushort)sample.DestinationPort),
                Zone = (ushort)sample.Zone,
                Protocol = sample.IsEcho ? IpProtocol.Icmpv6 : (byte)sample.Protocol,
                Kind = sample.IsEcho ? Icmpv6Type.EchoRequest : (byte)sample.Kind,
            };
            *(Ipv6Tuple*)bytes = sample.IsAnswer ? tuple.Inverted : tuple;
        }
    }

    // The upper half of the number names a network, the lower a host in it.
    private static Ipv6Address Address(ulong prefix, uint number)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, prefix + (number >> 16));
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], number & 0xFFFF);
        return Ipv6Address.FromBytes(bytes);
    }

    private static byte[] FewBitsApart(HashFamily family)
    {
        int size = TupleBytes(family);
        int bits = size * 8;
        byte[] plain = Tuples(1, _ => Tcp, family);
        byte[] tuples = new byte[(1 + bits + bits * (bits - 1) / 2) * size];
        plain.CopyTo(tuples, 0);
        int next = size;
        for (int first = 0; first < bits; first++)
        {
            for (int second = first; second < bits; second++, next += size)
            {
                plain.CopyTo(tuples, next);
                tuples[next + first / 8] ^= (byte)(1 << first % 8);
                tuples[next + second / 8] ^= (byte)(second == first ? 0 : 1 << second % 8);
            }
        }

        return tuples;
    }
}
