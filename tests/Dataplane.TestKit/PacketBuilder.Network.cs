using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Dataplane.Packet;

namespace Dataplane.TestKit;

/// <content>The IPv4 and IPv6 layers.</content>
public sealed partial class PacketBuilder
{
    private enum Network
    {
        Body,
        Arp,
        Ipv4,
        Ipv6,
    }

    private readonly List<(byte Type, byte[] Bytes)> _extensions = [];
    private Network _network;
    private ArpPacket _arp;
    private Ipv4Address _source4;
    private Ipv4Address _destination4;
    private Ipv6Address _source6;
    private Ipv6Address _destination6;
    private byte _ttl = 64;
    private byte _typeOfService;
    private ushort _identification = 0x1234;
    private ushort _flagsAndOffset = Ipv4Header.DontFragment;
    private byte[] _options = [];
    private byte? _version;
    private byte? _headerWords;
    private ushort? _ipLengthBytes;
    private ushort? _headerChecksum;
    private byte? _protocolOverride;

    /// <summary>An IPv4 header.</summary>
    public PacketBuilder Ipv4(Ipv4Address source, Ipv4Address destination, byte ttl = 64)
    {
        _network = Network.Ipv4;
        _source4 = source;
        _destination4 = destination;
        _ttl = ttl;
        return this;
    }

    /// <inheritdoc cref="Ipv4(Ipv4Address, Ipv4Address, byte)"/>
    public PacketBuilder Ipv4(string source, string destination, byte ttl = 64) =>
        Ipv4(Ipv4Address.Parse(source), Ipv4Address.Parse(destination), ttl);

    /// <summary>IPv4 options; padded with end-of-list bytes to whole words.</summary>
    public PacketBuilder Options(params byte[] options)
    {
        _options = [.. options, .. new byte[-options.Length & 3]];
        return this;
    }

    /// <summary>An IPv6 header.</summary>
    public PacketBuilder Ipv6(Ipv6Address source, Ipv6Address destination, byte hopLimit = 64)
    {
        _network = Network.Ipv6;
        _source6 = source;
        _destination6 = destination;
        _ttl = hopLimit;
        return this;
    }

    /// <inheritdoc cref="Ipv6(Ipv6Address, Ipv6Address, byte)"/>
    public PacketBuilder Ipv6(string source, string destination, byte hopLimit = 64) =>
        Ipv6(Ipv6Address.Parse(source), Ipv6Address.Parse(destination), hopLimit);

    /// <summary>Adds an IPv6 extension header behind those added before.</summary>
    /// <param name="type">Its protocol number.</param>
    /// <param name="bytes">The whole header; its first byte is replaced by the number of what follows.</param>
    public PacketBuilder Extension(byte type, params byte[] bytes)
    {
        _extensions.Add((type, bytes));
        return this;
    }

    public PacketBuilder WithVersion(byte version)
    {
        _version = version;
        return this;
    }

    /// <summary>IHL in 32-bit words, whatever the header's length is.</summary>
    public PacketBuilder WithHeaderWords(byte words)
    {
        _headerWords = words;
        return this;
    }

    /// <summary>IPv4's total length or IPv6's payload length.</summary>
    public PacketBuilder WithIpLength(ushort lengthBytes)
    {
        _ipLengthBytes = lengthBytes;
        return this;
    }

    public PacketBuilder WithTypeOfService(byte value)
    {
        _typeOfService = value;
        return this;
    }

    public PacketBuilder WithIdentification(ushort value)
    {
        _identification = value;
        return this;
    }

    /// <summary>The word of reserved bit, DF, MF and offset in units of 8 bytes; DF alone by default.</summary>
    public PacketBuilder WithFlagsAndOffset(ushort value)
    {
        _flagsAndOffset = value;
        return this;
    }

    /// <summary>A header checksum of the test's choice, host order.</summary>
    public PacketBuilder WithHeaderChecksum(ushort value)
    {
        _headerChecksum = value;
        return this;
    }

    /// <summary>The protocol number in the IP header, whatever the transport is.</summary>
    public PacketBuilder WithProtocol(byte protocol)
    {
        _protocolOverride = protocol;
        return this;
    }

    private byte[] BuildIpv4()
    {
        byte[] addresses = [.. Bytes(_source4), .. Bytes(_destination4)];
        byte[] transport = BuildTransport(addresses);
        int headerBytes = Ipv4Header.SizeBytes + _options.Length;
        var header = new List<byte>(headerBytes)
        {
            (byte)((_version ?? 4) << 4 | (_headerWords ?? headerBytes / 4)),
            _typeOfService,
        };
        Add16(header, _ipLengthBytes ?? headerBytes + transport.Length);
        Add16(header, _identification);
        Add16(header, _flagsAndOffset);
        header.Add(_ttl);
        header.Add(_protocolOverride ?? _protocol);
        Add16(header, 0);
        header.AddRange(addresses);
        header.AddRange(_options);
        byte[] bytes = [.. header, .. transport];

        // With a wrong IHL the checksum covers what IHL claims, so that the header length is all that is wrong.
        int coveredBytes = Math.Clamp((_headerWords ?? 0) * 4, headerBytes, bytes.Length);
        ushort checksum = _headerChecksum ?? ReferenceChecksum.Of(bytes.AsSpan(0, coveredBytes));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(10), checksum);
        return bytes;
    }

    private byte[] BuildIpv6()
    {
        byte[] addresses = [.. Bytes(_source6), .. Bytes(_destination6)];
        byte[] transport = BuildTransport(addresses);
        byte protocol = _protocolOverride ?? _protocol;
        var chain = new List<byte>();
        for (int index = 0; index < _extensions.Count; index++)
        {
            byte[] extension = [.. _extensions[index].Bytes];
            extension[0] = index + 1 < _extensions.Count ? _extensions[index + 1].Type : protocol;
            chain.AddRange(extension);
        }

        var header = new List<byte>(Ipv6Header.SizeBytes);
        Add32(header, (uint)(_version ?? 6) << 28 | (uint)_typeOfService << 20);
        Add16(header, _ipLengthBytes ?? chain.Count + transport.Length);
        header.Add(_extensions.Count > 0 ? _extensions[0].Type : protocol);
        header.Add(_ttl);
        return [.. header, .. addresses, .. chain, .. transport];
    }

    private static byte[] Bytes<T>(T value)
        where T : unmanaged => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).ToArray();
}
