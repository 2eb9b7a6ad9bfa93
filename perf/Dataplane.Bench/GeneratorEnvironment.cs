using System;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Dataplane.Datapath;
using Dataplane.Os;
using Dataplane.Packet;

namespace Dataplane.Bench;

/// <summary>State behind a <see cref="GeneratorEnvironment"/>: buffers, orders, counts. One per worker.</summary>
internal sealed unsafe class GeneratorPort : IDisposable
{
    /// <summary>Header, headroom and 2 KiB of data, and the line of padding by which a DPDK pool spreads buffers over
    /// cache sets.</summary>
    public const int BufferStride = Mbuf.SizeBytes + Mbuf.HeadroomBytes + 2048 + 64;

    /// <summary>More than a NIC ring, so that buffers come back cold.</summary>
    public const int BufferCount = 8192;

    private readonly MappedMemory _buffers;
    private readonly MappedMemory _ring;
    private readonly MappedMemory _template;

    public GeneratorPort()
    {
        _buffers = MappedMemory.Allocate((long)BufferStride * BufferCount, true);
        _ring = MappedMemory.Allocate(BufferCount * sizeof(ulong), false);
        _template = MappedMemory.Allocate(4096, false);
        Ring = (Mbuf**)_ring.Address;
        Template = _template.Address;
        for (int index = 0; index < BufferCount; index++)
        {
            Mbuf* packet = (Mbuf*)(_buffers.Address + (long)index * BufferStride);
            packet->BufferAddress = (byte*)packet + Mbuf.SizeBytes;
            packet->BufferLength = Mbuf.HeadroomBytes + 2048;
            Ring[index] = packet;
        }

        Tail = BufferCount;
    }

    /// <summary>Free buffers, first in first out.</summary>
    public Mbuf** Ring { get; }

    public uint Head;
    public uint Tail;

    /// <summary>64 bytes for each port: the parts of a frame that all its packets share.</summary>
    public byte* Template { get; }

    /// <summary>Order and position by port.</summary>
    public readonly FlowOrder?[] Orders = new FlowOrder?[2];
    public readonly PacketDescriptor*[] Cursor = new PacketDescriptor*[2];
    public readonly PacketDescriptor*[] End = new PacketDescriptor*[2];

    /// <summary>TCP: the next sequence number of both directions of every flow; null generates UDP.</summary>
    public uint* Sequences;

    /// <summary>Bytes by which acknowledgments stay behind what the other direction has generated.</summary>
    public uint AcknowledgmentLag;

    /// <summary>Packets still to be generated; negative generates without end.</summary>
    public long Left = -1;

    public long Sent;

    /// <summary>Looks at every transmitted packet; null while measuring.</summary>
    public Action<int, nint>? Inspect;

    public void SetOrder(int port, FlowOrder order)
    {
        Orders[port] = order;
        Cursor[port] = order.Packets;
        End[port] = order.Packets + order.Count;
    }

    public void Dispose()
    {
        _buffers.Dispose();
        _ring.Dispose();
        _template.Dispose();
    }
}

/// <summary>Memory ports with real mbuf layout: receive generates from a prebuilt order, transmit recycles.</summary>
/// <remarks>
/// Receiving writes what a driver writes (the rearm word, flags, lengths) and the 60 bytes of the frame, with both
/// checksums marked as
/// verified by the NIC. Its own cost is measured by running it without the router.
/// </remarks>
internal unsafe struct GeneratorEnvironment : IEnvironment
{
    private readonly GeneratorPort _port;

    // The driver's rearm word: data_off = headroom, refcnt = 1, nb_segs = 1, port = 0.
    private const ulong Rearm = Mbuf.HeadroomBytes | 1ul << 16 | 1ul << 32;
    private const ushort FrameBytes = 60;

    /// <summary>Of a TCP segment.</summary>
    private const uint PayloadBytes = 6;

    /// <summary>The number behind a SYN and its data.</summary>
    private const uint FirstData = 1 + PayloadBytes;

    public GeneratorEnvironment(GeneratorPort port) => _port = port;

    public readonly int ReceiveBurst(ushort port, ushort queue, Mbuf** packets, int count)
    {
        GeneratorPort state = _port;
        if (state.Orders[port] == null)
        {
            return 0;
        }

        uint free = state.Tail - state.Head;
        count = free < (uint)count ? (int)free : count;
        if (state.Left >= 0)
        {
            count = state.Left < count ? (int)state.Left : count;
            state.Left -= count;
        }

        PacketDescriptor* cursor = state.Cursor[port];
        PacketDescriptor* end = state.End[port];
        Vector256<byte> low = Vector256.Load(state.Template + port * 64);
        Vector256<byte> high = Vector256.Load(state.Template + port * 64 + 32);
        uint head = state.Head;
        for (int index = 0; index < count; index++)
        {
            // As drivers do with the descriptors ahead.
            Mbuf* ahead = state.Ring[(head + (uint)index + 16) & (GeneratorPort.BufferCount - 1)];
            Sse.Prefetch0(ahead);
            Sse.Prefetch0((byte*)ahead + Mbuf.SizeBytes + Mbuf.HeadroomBytes);
            Mbuf* packet = state.Ring[(head + (uint)index) & (GeneratorPort.BufferCount - 1)];
            packets[index] = packet;
            Fill(packet, cursor, low, high);
            if (state.Sequences != null)
            {
                Sse.Prefetch0(state.Sequences + (ulong)cursor[FlowOrder.Ahead].Flow * 2);
                Advance(packet, state, cursor, port);
            }
            else
            {
                *(uint*)(packet->BufferAddress + Mbuf.HeadroomBytes + 42) = cursor->Flow;
                *(Be16*)(packet->BufferAddress + Mbuf.HeadroomBytes + 40) = cursor->L4Checksum;
            }

            if (++cursor == end)
            {
                cursor = state.Orders[port]!.Packets;
            }
        }

        state.Head = head + (uint)count;
        state.Cursor[port] = cursor;
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fill(Mbuf* packet, PacketDescriptor* descriptor, Vector256<byte> low, Vector256<byte> high)
    {
        *(ulong*)&packet->DataOffset = Rearm;
        packet->Flags = MbufFlags.RxChecksumsGood;
        packet->PacketLength = FrameBytes;
        packet->DataLength = FrameBytes;
        byte* frame = packet->BufferAddress + Mbuf.HeadroomBytes;
        low.Store(frame);
        high.Store(frame + 32);
        *(Be16*)(frame + 24) = descriptor->Ipv4Checksum;
        *(ulong*)(frame + 26) = *(ulong*)&descriptor->Source;
        *(uint*)(frame + 34) = *(uint*)&descriptor->SourcePort;
    }

    /// <summary>What makes it the flow's next segment: numbers, and the checksum that they change.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Advance(Mbuf* packet, GeneratorPort state, PacketDescriptor* descriptor, ushort port)
    {
        TcpHeader* tcp = (TcpHeader*)(packet->BufferAddress + Mbuf.HeadroomBytes + EthernetHeader.SizeBytes + Ipv4Header.SizeBytes);
        uint* own = state.Sequences + (ulong)descriptor->Flow * 2 + port;
        uint other = *(state.Sequences + (ulong)descriptor->Flow * 2 + (port ^ 1u));
        uint sequence = *own;
        uint acknowledgment = (tcp->Flags & TcpFlags.Ack) == 0 ? 0
            : other > state.AcknowledgmentLag + FirstData ? other - state.AcknowledgmentLag
            : Math.Min(other, FirstData);
        *own = sequence + PayloadBytes + ((uint)(tcp->Flags & TcpFlags.Syn) >> 1);
        tcp->Sequence = Be32.FromHost(sequence);
        tcp->Acknowledgment = Be32.FromHost(acknowledgment);
        uint sum = (ushort)~descriptor->L4Checksum.Host + (sequence >> 16) + (ushort)sequence;
        sum += (acknowledgment >> 16) + (ushort)acknowledgment;
        sum = (sum >> 16) + (ushort)sum;
        sum += sum >> 16;
        tcp->Checksum = Be16.FromHost((ushort)~sum);
        *(uint*)(tcp + 1) = descriptor->Flow;
    }

    public readonly int TransmitBurst(ushort port, ushort queue, Mbuf** packets, int count)
    {
        GeneratorPort state = _port;
        if (state.Inspect != null)
        {
            for (int index = 0; index < count; index++)
            {
                state.Inspect(port, (nint)packets[index]);
            }
        }

        Recycle(state, packets, count);
        state.Sent += count;
        return count;
    }

    public readonly Mbuf* Allocate() => null;

    public readonly void Free(Mbuf** packets, int count) => Recycle(_port, packets, count);

    public readonly int LookupRoute(Plan* plan, uint destination)
    {
        int best = 0;
        int length = -1;
        for (int index = 0; index < plan->RouteSection.Count; index++)
        {
            Route* route = plan->Routes + index;
            uint mask = route->PrefixLength == 0 ? 0 : uint.MaxValue << (32 - route->PrefixLength);
            if ((destination & mask) == route->Prefix && route->PrefixLength > length)
            {
                best = route->NextHop;
                length = route->PrefixLength;
            }
        }

        return best;
    }

    public readonly int LookupRoute6(Plan* plan, Ipv6Address* destination)
    {
        int best = 0;
        int length = -1;
        for (int index = 0; index < plan->Route6Section.Count; index++)
        {
            Route6* route = plan->Routes6 + index;
            if (route->PrefixLength > length && destination->SharesPrefix(route->Prefix, route->PrefixLength))
            {
                best = route->NextHop;
                length = route->PrefixLength;
            }
        }

        return best;
    }

    public readonly long NowNanoseconds() => Stopwatch.GetTimestamp() * (1_000_000_000 / Stopwatch.Frequency);

    public readonly void Relax()
    {
        if (X86Base.IsSupported)
        {
            X86Base.Pause();
        }
    }

    public readonly void Sleep(long nanoseconds) => System.Threading.Thread.Sleep(0);

    public readonly void EndStage(PipelineStage stage)
    {
    }

    private static void Recycle(GeneratorPort state, Mbuf** packets, int count)
    {
        uint tail = state.Tail;
        for (int index = 0; index < count; index++)
        {
            state.Ring[(tail + (uint)index) & (GeneratorPort.BufferCount - 1)] = packets[index];
        }

        state.Tail = tail + (uint)count;
    }
}
