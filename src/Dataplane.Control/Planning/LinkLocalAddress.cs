using System;
using Dataplane.Packet;

namespace Dataplane.Control.Planning;

/// <summary>The address that a port with IPv6 has on its link without being given one.</summary>
public static class LinkLocalAddress
{
    /// <summary>The subnet of every link-local address.</summary>
    public const byte PrefixLength = 64;

    /// <summary>
    /// fe80:: and the modified EUI-64 identifier of a MAC address: ff:fe in the middle, the universal bit inverted (RFC 4291 §2.5.6
    /// and appendix A).
    /// </summary>
    public static Ipv6Address Of(MacAddress mac)
    {
        const byte universal = 0x02;
        ulong raw = mac.Raw48;
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        bytes[0] = 0xFE;
        bytes[1] = 0x80;
        for (int index = 0; index < 6; index++)
        {
            bytes[(index < 3 ? 8 : 10) + index] = (byte)(raw >> index * 8);
        }

        bytes[8] ^= universal;
        bytes[11] = 0xFF;
        bytes[12] = 0xFE;
        return Ipv6Address.FromBytes(bytes);
    }
}
