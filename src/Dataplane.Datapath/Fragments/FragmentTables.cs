using System.Runtime.InteropServices;
using System.Threading;
using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Datapath.Fragments;

/// <summary>The incomplete datagrams of IPv4 and IPv6, and their limits: one block for all workers.</summary>
/// <remarks>
/// With the default limits 8.4 MiB, and in use up to 2,048 packet buffers: what a packet pool has to have on top.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct FragmentTables
{
    public FragmentTable<Ipv4Tuple> Ipv4;
    public FragmentTable<Ipv6Tuple> Ipv6;
    public FragmentShared Shared;

    /// <summary>Packets that wait for the first fragment of their datagram.</summary>
    public int Held => Volatile.Read(ref Shared.Held);

    private static int HeadBytes => sizeof(FragmentTables) + 63 & ~63;

    /// <summary>Bytes to give to <see cref="Create"/>.</summary>
    public static int MemoryBytes(FragmentLimits limits) =>
        HeadBytes + FragmentTable<Ipv4Tuple>.MemoryBytes(limits) + FragmentTable<Ipv6Tuple>.MemoryBytes(limits)
        + limits.Bounded.Held * sizeof(ulong);

    /// <summary>Lays both tables out.</summary>
    /// <param name="memory">Zeroed, aligned to 64 bytes; stays the caller's.</param>
    /// <param name="limits">Taken into their ranges.</param>
    /// <param name="seed">Null for a random hash key; a number makes runs repeatable, for tests only.</param>
    public static FragmentTables* Create(byte* memory, FragmentLimits limits, ulong? seed = null)
    {
        FragmentTables* tables = (FragmentTables*)memory;
        tables->Shared.Limits = limits.Bounded;
        if (seed is ulong value)
        {
            HashKey.FillFrom(&tables->Shared.Key, value);
        }
        else
        {
            HashKey.FillRandom(&tables->Shared.Key);
        }

        memory += HeadBytes;
        tables->Ipv4.Initialize(memory, &tables->Shared);
        memory += FragmentTable<Ipv4Tuple>.MemoryBytes(limits);
        tables->Ipv6.Initialize(memory, &tables->Shared);
        memory += FragmentTable<Ipv6Tuple>.MemoryBytes(limits);
        tables->Shared.Waiting = (ulong*)memory;
        return tables;
    }

    /// <summary>Replaces the limits while workers run: each value counts from the next fragment on.</summary>
    /// <param name="limits">Those that are fixed at start stay what they were.</param>
    public void SetLimits(FragmentLimits limits) =>
        Shared.Limits = limits.Bounded with { Datagrams = Shared.Limits.Datagrams, Held = Shared.Limits.Held };
}
