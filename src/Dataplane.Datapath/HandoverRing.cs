using System.Runtime.InteropServices;
using System.Threading;
using Dataplane.Packet;

namespace Dataplane.Datapath;

/// <summary>Packets from one worker to the one that owns a transmit queue: single producer, single consumer.</summary>
/// <remarks>
/// Head and tail stand on lines of their own, so that neither side's stores disturb the other until it looks.
/// <code>
/// offset   size field
///      0      4 Tail      written by the producer
///     64      4 Head      written by the consumer
///    128   8192 Packets
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public unsafe struct HandoverRing
{
    public const int Capacity = 1024;
    public const int SizeBytes = 128 + Capacity * 8;

    [FieldOffset(0)] private uint _tail;
    [FieldOffset(64)] private uint _head;
    [FieldOffset(128)] private fixed ulong _packets[Capacity];

    /// <summary>Producer: adds as many as fit.</summary>
    /// <returns>How many, from the front.</returns>
    public int Push(Mbuf** packets, int count)
    {
        uint free = Capacity - (_tail - Volatile.Read(ref _head));
        int taken = count < (int)free ? count : (int)free;
        for (int index = 0; index < taken; index++)
        {
            _packets[(_tail + (uint)index) & (Capacity - 1)] = (ulong)packets[index];
        }

        Volatile.Write(ref _tail, _tail + (uint)taken);
        return taken;
    }

    /// <summary>Consumer: takes up to <paramref name="count"/>.</summary>
    public int Pop(Mbuf** packets, int count)
    {
        uint waiting = Volatile.Read(ref _tail) - _head;
        int taken = count < (int)waiting ? count : (int)waiting;
        for (int index = 0; index < taken; index++)
        {
            packets[index] = (Mbuf*)_packets[(_head + (uint)index) & (Capacity - 1)];
        }

        Volatile.Write(ref _head, _head + (uint)taken);
        return taken;
    }
}
