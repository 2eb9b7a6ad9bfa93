using System;
using System.Buffers.Binary;
using Dataplane.Packet;

namespace Dataplane.Datapath.Tests.Fuzz;

/// <summary>Changes frames: bytes, fields, lengths; repeatable by its random numbers.</summary>
internal sealed class FrameMutator(Random random)
{
    private const int LengthBytesMax = 1600;

    private static readonly byte[] s_bytes = [0, 1, 2, 4, 6, 17, 0x0F, 0x20, 0x3F, 0x40, 0x45, 0x60, 0x7F, 0x80, 0xC0, 0xFE, 0xFF];
    private static readonly ushort[] s_ports = [0, 1, 22, 23, 53, 80, 81, 123, 443, 1024, 4000, 4001, 5004, 8000, 8003, 36412, 65535];
    private static readonly string[] s_addresses =
    [
        Network.Client, Network.Server, Network.LanAddress, Network.WanAddress, Network.DmzAddress, Network.Pool, "172.16.0.10", "10.0.255.255",
        "127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "192.0.2.251", "10.8.0.5", "203.0.113.9",
    ];

    private static readonly byte[] s_protocols =
    [
        IpProtocol.Icmp, IpProtocol.Tcp, IpProtocol.Udp, IpProtocol.Dccp, IpProtocol.Gre, IpProtocol.Sctp, IpProtocol.UdpLite, IpProtocol.Icmpv6,
        IpProtocol.Fragment, IpProtocol.HopByHop, IpProtocol.NoNext, 4, 41, 255,
    ];

    /// <summary>A changed copy, its checksums mended three times in four.</summary>
    public byte[] Change(byte[] frame)
    {
        byte[] changed = [.. frame];
        for (int step = random.Next(1, 4); step > 0; step--)
        {
            bool hasLayers = FrameLayout.TryRead(changed, out FrameLayout layout);
            switch (random.Next(12))
            {
                case 0:
                    changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    changed[random.Next(changed.Length)] = Pick(s_bytes);
                    break;
                case 2:
                    changed = Resized(changed);
                    break;
                case < 6 when hasLayers:
                    ChangeNetwork(changed, layout);
                    break;
                case 6 when hasLayers:
                    Turn(changed, layout);
                    break;
                case > 6 when hasLayers:
                    ChangeTransport(changed, layout);
                    break;
            }
        }

        if (random.Next(4) != 0)
        {
            FrameSums.Mend(changed);
        }

        return changed;
    }

    /// <summary>Source and destination of addresses and ports change places.</summary>
    public static void Turn(byte[] frame, in FrameLayout layout)
    {
        int addressBytes = layout.IsIpv6 ? 16 : 4;
        Swap(frame, layout.L3 + (layout.IsIpv6 ? 8 : 12), addressBytes);
        if (layout.L4 + 4 <= frame.Length && !layout.IsFragment && layout.Protocol is not (IpProtocol.Icmp or IpProtocol.Icmpv6 or IpProtocol.Gre))
        {
            Swap(frame, layout.L4, 2);
        }
    }

    /// <summary>Cuts or extends a frame; half of the time the IP length says so.</summary>
    private byte[] Resized(byte[] frame)
    {
        int length = random.Next(2) == 0 ? random.Next(14, frame.Length + 1) : Math.Min(frame.Length + random.Next(1, 200), LengthBytesMax);
        Array.Resize(ref frame, length);
        if (random.Next(2) == 0 && length >= 54)
        {
            bool isIpv6 = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(12)) == EtherType.Ipv6;
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(isIpv6 ? 18 : 16), (ushort)(length - (isIpv6 ? 54 : 14)));
        }

        return frame;
    }

    private void ChangeNetwork(byte[] frame, in FrameLayout layout)
    {
        Span<byte> ip = frame.AsSpan(layout.L3);
        if (layout.IsIpv6)
        {
            switch (random.Next(4))
            {
                case 0:
                    ip[7] = Pick<byte>([0, 1, 2, 64, 255]);
                    break;
                case 1:
                    ip[6] = Pick(s_protocols);
                    break;
                case 2:
                    ip[random.Next(8, 40)] = Pick(s_bytes);
                    break;
                default:
                    BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)(frame.Length - layout.L3 - 40 + random.Next(-8, 9)));
                    break;
            }

            return;
        }

        switch (random.Next(7))
        {
            case 0:
                ip[8] = Pick<byte>([0, 1, 2, 64, 255]);
                break;
            case 1:
                ip[9] = Pick(s_protocols);
                break;
            case 2:
                BinaryPrimitives.WriteUInt16BigEndian(ip[6..], Pick<ushort>([0, 0x2000, 0x4000, 0x8000, 1, 0x2001, 0x2032, 0x0064, 0x1FFF, 0x3FFF]));
                break;
            case 3:
                BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(frame.Length - layout.L3 + random.Next(-8, 9)));
                break;
            case 4:
                ip[0] = (byte)(0x40 | random.Next(16));
                break;
            case 5:
                BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)random.Next(8));
                break;
            default:
                BinaryPrimitives.WriteUInt32BigEndian(ip[(random.Next(2) == 0 ? 12 : 16)..], Ipv4Address.Parse(Pick(s_addresses)).Host);
                break;
        }
    }

    private void ChangeTransport(byte[] frame, in FrameLayout layout)
    {
        Span<byte> l4 = frame.AsSpan(layout.L4);
        if (l4.Length < 20)
        {
            return;
        }

        if (layout.Protocol == IpProtocol.Tcp && random.Next(4) != 0)
        {
            ChangeTcp(l4);
            return;
        }

        switch (random.Next(3))
        {
            case 0:
                BinaryPrimitives.WriteUInt16BigEndian(l4[(random.Next(2) * 2)..], Pick(s_ports));
                break;
            case 1:
                l4[random.Next(20)] = Pick(s_bytes);
                break;
            default:
                BinaryPrimitives.WriteUInt16BigEndian(l4[4..], (ushort)(l4.Length + random.Next(-9, 10)));
                break;
        }
    }

    private void ChangeTcp(Span<byte> l4)
    {
        switch (random.Next(5))
        {
            case 0:
                Shift(l4[4..]);
                break;
            case 1:
                Shift(l4[8..]);
                break;
            case 2:
                l4[13] = Pick<byte>([2, 18, 16, 24, 17, 4, 20, 1, 0, 3, 6, 63, 255]);
                break;
            case 3:
                BinaryPrimitives.WriteUInt16BigEndian(l4[14..], Pick<ushort>([0, 1, 501, 65535]));
                break;
            default:
                l4[12] = (byte)(random.Next(16) << 4);
                break;
        }
    }

    private void Shift(Span<byte> number)
    {
        uint value = BinaryPrimitives.ReadUInt32BigEndian(number);
        int by = Pick<int>([1, -1, 100, -100, 65535, -65535, 65536, -65537, random.Next()]);
        BinaryPrimitives.WriteUInt32BigEndian(number, value + (uint)by);
    }

    private T Pick<T>(ReadOnlySpan<T> values) => values[random.Next(values.Length)];

    private static void Swap(byte[] frame, int at, int lengthBytes)
    {
        if (at + 2 * lengthBytes <= frame.Length)
        {
            byte[] first = frame[at..(at + lengthBytes)];
            frame.AsSpan(at + lengthBytes, lengthBytes).CopyTo(frame.AsSpan(at));
            first.CopyTo(frame, at + lengthBytes);
        }
    }
}
