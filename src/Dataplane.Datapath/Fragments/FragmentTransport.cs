using System.Runtime.InteropServices;
using Dataplane.Packet;

namespace Dataplane.Datapath.Fragments;

/// <summary>What only the first fragment of a datagram has of its tuple; 6 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FragmentTransport
{
    public Be16 SourcePort;
    public Be16 DestinationPort;

    /// <summary>In IPv6 the first fragment's too: the others may say anything (RFC 8200 §4.5).</summary>
    public byte Protocol;

    /// <summary>As in the tuple: the type of an ICMP query or reply, else 0.</summary>
    public byte Kind;

    public static FragmentTransport Of(in Ipv4Tuple tuple) => new()
    {
        SourcePort = tuple.SourcePort,
        DestinationPort = tuple.DestinationPort,
        Protocol = tuple.Protocol,
        Kind = tuple.Kind,
    };

    public static FragmentTransport Of(in Ipv6Tuple tuple) => new()
    {
        SourcePort = tuple.SourcePort,
        DestinationPort = tuple.DestinationPort,
        Protocol = tuple.Protocol,
        Kind = tuple.Kind,
    };

    public readonly void CopyTo(ref Ipv4Tuple tuple)
    {
        tuple.SourcePort = SourcePort;
        tuple.DestinationPort = DestinationPort;
        tuple.Protocol = Protocol;
        tuple.Kind = Kind;
    }

    public readonly void CopyTo(ref Ipv6Tuple tuple)
    {
        tuple.SourcePort = SourcePort;
        tuple.DestinationPort = DestinationPort;
        tuple.Protocol = Protocol;
        tuple.Kind = Kind;
    }
}
