using System.Runtime.InteropServices;
using Dataplane.Os;
using Dataplane.Packet;

namespace Dataplane.Bench;

/// <summary>One prebuilt packet: what the generator port writes into a buffer; 24 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PacketDescriptor
{
    public Ipv4Address Source;
    public Ipv4Address Destination;
    public Be16 SourcePort;
    public Be16 DestinationPort;
    public Be16 Ipv4Checksum;
    public Be16 L4Checksum;
    public uint Flow;
    public uint Unused;
}

/// <summary>The packets of one direction in the order in which they arrive: flows drawn uniformly.</summary>
/// <remarks>
/// Much longer than the caches and read once from front to back, so that the generator streams and only the router
/// under test sees random memory.
/// </remarks>
internal sealed unsafe class FlowOrder : System.IDisposable
{
    /// <summary>Readable descriptors behind the last, for those who look ahead.</summary>
    public const int Ahead = 16;

    private readonly MappedMemory _memory;

    public FlowOrder(int count)
    {
        Count = count;
        _memory = MappedMemory.Allocate(((long)count + Ahead) * sizeof(PacketDescriptor), true);
    }

    public int Count { get; }

    public PacketDescriptor* Packets => (PacketDescriptor*)_memory.Address;

    /// <summary>Fills the order by drawing from a list of one descriptor per flow.</summary>
    public void Draw(PacketDescriptor[] flows, ulong seed)
    {
        ulong state = seed;
        for (int position = 0; position < Count; position++)
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            Packets[position] = flows[(int)((state >> 32) * (ulong)flows.Length >> 32)];
        }
    }

    public void Dispose() => _memory.Dispose();
}
