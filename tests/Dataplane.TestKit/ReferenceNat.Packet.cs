using System;
using System.Buffers.Binary;
using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.TestKit;

/// <summary>An IPv4 packet as the reference sees it: a copy of the bytes, read and written field by field.</summary>
/// <remarks>Shares address and tuple types with the code under test, no arithmetic: checksums are computed anew in full.</remarks>
public sealed class ReferencePacket
{
    private readonly byte[] _frame;
    private readonly int _l3;

    /// <param name="frame">A whole frame, tagged or not, that a correct parser accepts.</param>
    public ReferencePacket(ReadOnlySpan<byte> frame)
    {
        _frame = frame.ToArray();
        _l3 = 14;
        while (BinaryPrimitives.ReadUInt16BigEndian(_frame.AsSpan(_l3 - 2)) is 0x8100 or 0x88A8)
        {
            _l3 += 4;
        }
    }

    public ReadOnlySpan<byte> Ip => _frame.AsSpan(_l3, LengthBytes);

    public int LengthBytes => BinaryPrimitives.ReadUInt16BigEndian(_frame.AsSpan(_l3 + 2));

    public ushort Identification => BinaryPrimitives.ReadUInt16BigEndian(_frame.AsSpan(_l3 + 4));

    public bool DontFragment => (_frame[_l3 + 6] & 0x40) != 0;

    public byte Ttl
    {
        get => _frame[_l3 + 8];
        set => _frame[_l3 + 8] = value;
    }

    public byte Protocol => _frame[_l3 + 9];

    public Ipv4Address Source
    {
        get => Address(_l3 + 12);
        set => BinaryPrimitives.WriteUInt32BigEndian(_frame.AsSpan(_l3 + 12), value.Host);
    }

    public Ipv4Address Destination
    {
        get => Address(_l3 + 16);
        set => BinaryPrimitives.WriteUInt32BigEndian(_frame.AsSpan(_l3 + 16), value.Host);
    }

    public TcpFlags TcpFlags => Protocol == IpProtocol.Tcp ? (TcpFlags)_frame[L4 + 13] : TcpFlags.None;

    /// <summary>Lets the tracker open a TCP connection with this packet.</summary>
    public unsafe DropReason OpenTcp(ref TcpWindows windows)
    {
        fixed (byte* frame = _frame)
        {
            return TcpTracker.Open(ref windows, Segment(frame), TcpPolicy.Strict, out _);
        }
    }

    /// <summary>Lets the tracker judge this TCP packet, whose connection is in a state.</summary>
    public unsafe TrackerVerdict JudgeTcp(ref TcpWindows windows, ConnectionState state, Direction direction)
    {
        fixed (byte* frame = _frame)
        {
            return TcpTracker.Judge(ref windows, state, direction, Segment(frame), TcpPolicy.Strict);
        }
    }

    public byte IcmpType
    {
        get => _frame[L4];
        set => _frame[L4] = value;
    }

    public bool IsIcmpError => Protocol == IpProtocol.Icmp && Packet.IcmpType.IsError(IcmpType);

    public Ipv4Tuple Tuple => TupleAt(_l3);

    /// <summary>The tuple of the packet that this ICMP error quotes.</summary>
    public Ipv4Tuple QuotedTuple => TupleAt(L4 + 8);

    private unsafe TcpSegment Segment(byte* frame)
    {
        var header = (TcpHeader*)(frame + L4);
        return TcpSegment.Read(header, LengthBytes - (L4 - _l3) - header->HeaderLengthBytes);
    }

    private int L4 => _l3 + (_frame[_l3] & 15) * 4;

    /// <summary>Gives the packet another tuple: addresses, and ports or the query id.</summary>
    public void SetTuple(in Ipv4Tuple tuple) => SetTupleAt(_l3, tuple);

    /// <summary>Gives the quoted packet another tuple, keeping its transport checksum as right or wrong as it was.</summary>
    public void SetQuotedTuple(in Ipv4Tuple tuple)
    {
        int inner = L4 + 8;
        int innerL4 = inner + (_frame[inner] & 15) * 4;
        int checksumAt = innerL4 + tuple.Protocol switch { IpProtocol.Tcp => 16, IpProtocol.Udp => 6, _ => 2 };
        Ipv4Tuple before = TupleAt(inner);
        SetTupleAt(inner, tuple);
        SetChecksum(inner + 10, _frame.AsSpan(inner, innerL4 - inner), 0);
        bool isUdpWithout = tuple.Protocol == IpProtocol.Udp && _frame[innerL4 + 6] == 0 && _frame[innerL4 + 7] == 0;
        if (checksumAt + 2 <= _l3 + LengthBytes && !isUdpWithout)
        {
            // ~C plus what is new minus what was, as RFC 1624 has it.
            int sum = (ushort)~BinaryPrimitives.ReadUInt16BigEndian(_frame.AsSpan(checksumAt));
            sum += Words(tuple) + (ushort)~Words(before);
            sum = (sum & 0xFFFF) + (sum >> 16);
            ushort value = (ushort)~((sum & 0xFFFF) + (sum >> 16));
            value = tuple.Protocol == IpProtocol.Udp && value == 0 ? ushort.MaxValue : value;
            BinaryPrimitives.WriteUInt16BigEndian(_frame.AsSpan(checksumAt), value);
        }
    }

    /// <summary>The packet in a fresh Ethernet frame with all checksums computed anew.</summary>
    public byte[] ToFrame(MacAddress source, MacAddress destination)
    {
        SetChecksum(_l3 + 10, _frame.AsSpan(_l3, L4 - _l3), 0);
        int l4Bytes = _l3 + LengthBytes - L4;
        Span<byte> l4 = _frame.AsSpan(L4, l4Bytes);
        ushort pseudo = ReferenceChecksum.PseudoHeader(_frame.AsSpan(_l3 + 12, 8), Protocol, l4Bytes);
        switch (Protocol)
        {
            case IpProtocol.Tcp:
                SetChecksum(L4 + 16, l4, pseudo);
                break;
            case IpProtocol.Udp when l4[6] != 0 || l4[7] != 0:
                SetChecksum(L4 + 6, l4, pseudo);
                if (l4[6] == 0 && l4[7] == 0)
                {
                    l4[6..8].Fill(0xFF);
                }

                break;
            case IpProtocol.Icmp:
                SetChecksum(L4 + 2, l4, 0);
                break;
        }

        byte[] frame = new byte[_frame.Length - _l3 + 14];
        WriteMac(frame, destination);
        WriteMac(frame.AsSpan(6), source);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), 0x0800);
        _frame.AsSpan(_l3).CopyTo(frame.AsSpan(14));
        return frame;
    }

    private static void WriteMac(Span<byte> to, MacAddress mac)
    {
        for (int index = 0; index < 6; index++)
        {
            to[index] = (byte)(mac.Raw48 >> index * 8);
        }
    }

    private void SetChecksum(int at, ReadOnlySpan<byte> covered, ushort seed)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_frame.AsSpan(at), 0);
        BinaryPrimitives.WriteUInt16BigEndian(_frame.AsSpan(at), ReferenceChecksum.Of(covered, seed));
    }

    private Ipv4Address Address(int at) => Ipv4Address.FromHost(BinaryPrimitives.ReadUInt32BigEndian(_frame.AsSpan(at)));

    private Ipv4Tuple TupleAt(int l3)
    {
        int l4 = l3 + (_frame[l3] & 15) * 4;
        Ipv4Tuple tuple = new() { Source = Address(l3 + 12), Destination = Address(l3 + 16), Protocol = _frame[l3 + 9] };
        Be16 first = Be16.FromHost(BinaryPrimitives.ReadUInt16BigEndian(_frame.AsSpan(l4)));
        Be16 third = Be16.FromHost(BinaryPrimitives.ReadUInt16BigEndian(_frame.AsSpan(l4 + 4)));
        if (tuple.Protocol != IpProtocol.Icmp)
        {
            tuple.SourcePort = first;
            tuple.DestinationPort = Be16.FromHost(BinaryPrimitives.ReadUInt16BigEndian(_frame.AsSpan(l4 + 2)));
            return tuple;
        }

        tuple.Kind = _frame[l4];
        bool isRequest = Packet.IcmpType.IsRequest(tuple.Kind);
        tuple.SourcePort = isRequest ? third : default;
        tuple.DestinationPort = isRequest ? default : third;
        return tuple;
    }

    private void SetTupleAt(int l3, in Ipv4Tuple tuple)
    {
        int l4 = l3 + (_frame[l3] & 15) * 4;
        BinaryPrimitives.WriteUInt32BigEndian(_frame.AsSpan(l3 + 12), tuple.Source.Host);
        BinaryPrimitives.WriteUInt32BigEndian(_frame.AsSpan(l3 + 16), tuple.Destination.Host);
        if (tuple.Protocol == IpProtocol.Icmp)
        {
            int id = tuple.SourcePort.Host + tuple.DestinationPort.Host;
            BinaryPrimitives.WriteUInt16BigEndian(_frame.AsSpan(l4 + 4), (ushort)id);
            return;
        }

        BinaryPrimitives.WriteUInt16BigEndian(_frame.AsSpan(l4), tuple.SourcePort.Host);
        BinaryPrimitives.WriteUInt16BigEndian(_frame.AsSpan(l4 + 2), tuple.DestinationPort.Host);
    }

    /// <summary>The part of a tuple that its protocol's checksum covers, summed.</summary>
    private static ushort Words(in Ipv4Tuple tuple)
    {
        int sum = tuple.SourcePort.Host + tuple.DestinationPort.Host;
        if (tuple.Protocol != IpProtocol.Icmp)
        {
            sum += (int)(tuple.Source.Host >> 16) + (ushort)tuple.Source.Host;
            sum += (int)(tuple.Destination.Host >> 16) + (ushort)tuple.Destination.Host;
        }

        sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)((sum & 0xFFFF) + (sum >> 16));
    }
}
