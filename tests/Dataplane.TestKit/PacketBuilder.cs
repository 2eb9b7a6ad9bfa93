using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Dataplane.Packet;

namespace Dataplane.TestKit;

/// <summary>
/// Builds frames byte by byte, with right lengths and checksums unless told otherwise, and with a knob for every field
/// that a test may want wrong. Independent of the code under test: it shares types with it, not arithmetic.
/// </summary>
/// <example><c>new PacketBuilder().Ipv4("10.0.0.1", "192.0.2.1").Udp(1000, 53).Payload(20).Build()</c></example>
public sealed partial class PacketBuilder
{
    private readonly List<(ushort Tpid, ushort Control)> _tags = [];
    private MacAddress _sourceMac = MacAddress.Parse("02:00:00:00:00:01");
    private MacAddress _destinationMac = MacAddress.Parse("02:00:00:00:00:02");
    private ushort? _etherType;
    private byte[]? _body;
    private byte[] _trailer = [];
    private int? _truncateBytes;

    /// <summary>The frame's addresses; 02:00:00:00:00:01 to …:02 by default.</summary>
    public PacketBuilder Ethernet(MacAddress source, MacAddress destination)
    {
        _sourceMac = source;
        _destinationMac = destination;
        return this;
    }

    /// <inheritdoc cref="Ethernet(MacAddress, MacAddress)"/>
    public PacketBuilder Ethernet(string source, string destination) =>
        Ethernet(MacAddress.Parse(source), MacAddress.Parse(destination));

    /// <summary>Adds a tag inside those added before.</summary>
    public PacketBuilder Vlan(ushort id, ushort tpid = EtherType.Vlan, byte priority = 0)
    {
        _tags.Add((tpid, (ushort)(id | priority << 13)));
        return this;
    }

    /// <summary>The EtherType of the innermost layer, whatever that layer is.</summary>
    public PacketBuilder WithEtherType(ushort etherType)
    {
        _etherType = etherType;
        return this;
    }

    /// <summary>Bytes behind the Ethernet header in place of a network layer.</summary>
    public PacketBuilder Body(params byte[] body)
    {
        _body = body;
        _network = Network.Body;
        return this;
    }

    /// <summary>Bytes behind the IP packet, as Ethernet padding is.</summary>
    public PacketBuilder Trailer(params byte[] trailer)
    {
        _trailer = trailer;
        return this;
    }

    /// <summary>Cuts the finished frame.</summary>
    public PacketBuilder TruncateTo(int lengthBytes)
    {
        _truncateBytes = lengthBytes;
        return this;
    }

    /// <summary>An ARP body; its sender is the frame's source unless given.</summary>
    /// <param name="operation">1 request, 2 reply.</param>
    /// <param name="senderAddress">Whose mapping the packet states.</param>
    /// <param name="targetAddress">Who is asked for, or who asked.</param>
    /// <param name="senderMac">The stated mapping's MAC address.</param>
    /// <param name="targetMac">Zero in a request.</param>
    public PacketBuilder Arp(
        ushort operation, string senderAddress, string targetAddress, MacAddress? senderMac = null, MacAddress targetMac = default)
    {
        var arp = new ArpPacket
        {
            HardwareType = Be16.FromHost(1),
            ProtocolType = Be16.FromHost(0x0800),
            HardwareLengthBytes = 6,
            ProtocolLengthBytes = 4,
            Operation = Be16.FromHost(operation),
            SenderMac = senderMac ?? _sourceMac,
            SenderAddress = Ipv4Address.Parse(senderAddress),
            TargetMac = targetMac,
            TargetAddress = Ipv4Address.Parse(targetAddress),
        };
        _arp = arp;
        _network = Network.Arp;
        return this;
    }

    /// <summary>Changes the ARP body: a way to any wrong field.</summary>
    public PacketBuilder WithArp([NotNull] ArpEdit edit)
    {
        edit(ref _arp);
        return this;
    }

    /// <summary>The frame.</summary>
    public byte[] Build()
    {
        (ushort etherType, byte[] body) = _network switch
        {
            Network.Ipv4 => (EtherType.Ipv4, BuildIpv4()),
            Network.Ipv6 => (EtherType.Ipv6, BuildIpv6()),
            Network.Arp => (EtherType.Arp, MemoryMarshal.AsBytes(new ReadOnlySpan<ArpPacket>(in _arp)).ToArray()),
            _ => ((ushort)0x88B5, _body ?? []), // IEEE 802's EtherType for local experiments
        };
        etherType = _etherType ?? etherType;

        var frame = new List<byte>(64);
        frame.AddRange(MemoryMarshal.AsBytes(new ReadOnlySpan<MacAddress>(in _destinationMac)));
        frame.AddRange(MemoryMarshal.AsBytes(new ReadOnlySpan<MacAddress>(in _sourceMac)));
        foreach ((ushort tpid, ushort control) in _tags)
        {
            Add16(frame, tpid);
            Add16(frame, control);
        }

        Add16(frame, etherType);
        frame.AddRange(body);
        frame.AddRange(_trailer);
        byte[] bytes = [.. frame];
        return _truncateBytes is int length ? bytes[..length] : bytes;
    }

    private static void Add16(List<byte> to, int value)
    {
        to.Add((byte)(value >> 8));
        to.Add((byte)value);
    }

    private static void Add32(List<byte> to, uint value)
    {
        Add16(to, (int)(value >> 16));
        Add16(to, (ushort)value);
    }
}

/// <summary>Edits an ARP body in place.</summary>
public delegate void ArpEdit(ref ArpPacket arp);
