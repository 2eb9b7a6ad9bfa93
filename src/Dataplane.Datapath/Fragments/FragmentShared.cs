using System.Runtime.InteropServices;
using System.Threading;
using Dataplane.Conntrack;

namespace Dataplane.Datapath.Fragments;

/// <summary>What the tables of both families share.</summary>
/// <remarks>
/// The ring of packets that wait bounds them as a source's ring bounds its datagrams: who begins to wait takes the place of
/// the packet that began as many packets earlier, and if that waits still, its datagram ends. First in, first out, without
/// a list or a search.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct FragmentShared
{
    private const uint Ipv6Bit = 1u << 31;

    /// <summary>Read by all workers; its ranges hold.</summary>
    public FragmentLimits Limits;

    /// <summary>Secret, drawn at start, of no other table.</summary>
    public HashKey Key;

    /// <summary>References; <see cref="FragmentLimits.Held"/> of them.</summary>
    public ulong* Waiting;

    /// <summary>Packets that wait; atomic.</summary>
    public int Held;

    private long _next;

    /// <summary>Enters a packet that waits, unless none may.</summary>
    /// <param name="reference">Of its datagram.</param>
    /// <returns>The datagram whose packet had the place, or 0.</returns>
    public ulong Exchange(ulong reference)
    {
        long place = Interlocked.Increment(ref _next) % Limits.Held;
        return Interlocked.Exchange(ref Waiting[place], reference);
    }

    /// <summary>Names a datagram for as long as its record does not serve another.</summary>
    public static ulong Reference(uint index, uint generation, bool isIpv6) =>
        (ulong)generation << 32 | (isIpv6 ? Ipv6Bit : 0) | (index + 1);

    public static bool IsIpv6(ulong reference) => ((uint)reference & Ipv6Bit) != 0;

    public static uint IndexOf(ulong reference) => ((uint)reference & ~Ipv6Bit) - 1;
}
