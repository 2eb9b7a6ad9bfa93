using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Packet.Tests;

/// <summary>Runs the parser over a frame that ends at a guard page, into scratch that was filled with rubbish before.</summary>
internal sealed unsafe class ParserHarness : IDisposable
{
    public const byte Port = 3;
    public const ushort Zone = 7;

    private readonly GuardedMbuf _mbuf = new();
    private readonly Ipv6Tuple* _tuple6 = (Ipv6Tuple*)NativeMemory.AlignedAlloc(Ipv6Tuple.SizeBytes, 8);

    /// <summary>As the parser left it.</summary>
    public PacketMeta* Meta { get; } = (PacketMeta*)NativeMemory.AlignedAlloc(PacketMeta.SizeBytes, 64);

    public Parsed Parse(
        ReadOnlySpan<byte> frame, MbufFlags flags = MbufFlags.None, bool verifiesL4 = true, ushort segments = 1, ushort vlanTci = 0)
    {
        Mbuf* mbuf = _mbuf.Load(frame, flags);
        mbuf->SegmentCount = segments;
        mbuf->VlanTci = vlanTci;
        Unsafe.InitBlock(Meta, 0xA5, PacketMeta.SizeBytes);
        Unsafe.InitBlock(_tuple6, 0xA5, Ipv6Tuple.SizeBytes);

        DropReason reason = verifiesL4
            ? PacketParser.Parse<VerifyL4Checksums>(mbuf, Port, Zone, Meta, _tuple6)
            : PacketParser.Parse<TrustL4Checksums>(mbuf, Port, Zone, Meta, _tuple6);

        Assert.Equal(reason, Meta->Reason);
        Assert.Equal(Port, Meta->Port);
        if (reason != DropReason.None)
        {
            Assert.Equal(PacketKind.None, Meta->Kind);
            return new Parsed(reason);
        }

        Assert.Equal(0u, Meta->Reference);
        Assert.Equal(0, Meta->Egress);
        byte* data = mbuf->Data;
        Assert.Equal(Meta->L2LengthBytes, Meta->L3 - data);
        bool isIpv6 = Meta->Kind is PacketKind.Ipv6Tracked or PacketKind.Ipv6IcmpError or PacketKind.Ipv6Neighbour or PacketKind.Ipv6Fragment;
        return new Parsed(
            reason,
            Meta->Kind,
            Meta->Tuple,
            isIpv6 ? *_tuple6 : default,
            Meta->L2LengthBytes,
            Meta->L4 == null ? 0 : (int)(Meta->L4 - data),
            Meta->L3LengthBytes,
            Meta->L4LengthBytes,
            Meta->PayloadBytes,
            Meta->TcpFlags,
            Meta->Ttl,
            Meta->VlanId,
            FragmentReference.Of(*Meta));
    }

    public void Dispose()
    {
        _mbuf.Dispose();
        NativeMemory.AlignedFree(_tuple6);
        NativeMemory.AlignedFree(Meta);
    }
}
