using System.Runtime.CompilerServices;
using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Nat;

/// <summary>Where a connection's new source address and port come from.</summary>
public unsafe struct PortSelection
{
    /// <summary>The pool, or null for a single address.</summary>
    public AddressPool* Pool;
    public AddressRange* Ranges;

    /// <summary>The address with masquerade.</summary>
    public Ipv4Address Address;

    public ushort PortLow;
    public ushort PortHigh;

    public ReservedPorts* Reserved;
    public int ReservedCount;
}

/// <summary>Chooses source address and port so that the reply tuple is unused.</summary>
/// <remarks>
/// <para>
/// The address follows from a keyed hash of the inside address, so that a host keeps one outside address for all its
/// connections (RFC 4787 REQ-2, paired pooling); when that address has no port left for a destination the next ones are tried
/// (RFC 7857 §4). The port is a random start and then every port behind it, a bounded number in all: with
/// fewer than <see cref="TriesMax"/> ports in the range the search is exhaustive.
/// </para>
/// <para>
/// A port may serve several connections as long as their destinations differ: only the whole reply tuple must be unique.
/// Whether it is, decides the insertion under the table's locks; the look-up here only avoids hopeless attempts.
/// </para>
/// <para>
/// SCTP begins its search at the port that it has: then a fragment's CRC32c needs no change
/// (<see cref="Rewriter.CheckFirstFragment"/>), and its verification tags, not the port, are what an outsider has to guess.
/// A protocol without ports has the address alone to be told apart by: one host at a time for each outside address and remote end, or one
/// for each GRE key.
/// </para>
/// </remarks>
public static unsafe class PortSelector
{
    /// <summary>Ports looked at for one connection.</summary>
    public const int TriesMax = 128;

    private const uint AddressesMax = 4;
    private const int TriesPerSpareAddress = 16;

    /// <summary>Completes a reply tuple's destination with a free address and, where the protocol has ports, a free port.</summary>
    /// <param name="table">Where taken tuples stand.</param>
    /// <param name="worker">The calling worker.</param>
    /// <param name="random">The calling worker's generator.</param>
    /// <param name="selection">What to choose from.</param>
    /// <param name="inside">The address that is translated, for pairing.</param>
    /// <param name="reply">In: the untranslated reply tuple, its destination port what the sender has. Out: complete.</param>
    /// <param name="nowSeconds">The burst's time.</param>
    /// <returns>False when every candidate was taken.</returns>
    public static bool TrySelect(
        ConntrackTable<Ipv4Tuple>* table, WorkerSlot* worker, PortRandom* random, in PortSelection selection,
        Ipv4Address inside, ref Ipv4Tuple reply, uint nowSeconds)
    {
        uint addressCount = selection.Pool == null ? 1 : selection.Pool->AddressCount;
        uint first = addressCount == 1 ? 0 : PairedAddress(table, inside, addressCount);
        if (!HasPort(reply.Protocol))
        {
            return TrySelectAddress(table, worker, selection, first, ref reply, nowSeconds);
        }

        ushort own = reply.DestinationPort.Host;
        uint addresses = addressCount < AddressesMax ? addressCount : AddressesMax;
        uint portCount = (uint)(selection.PortHigh - selection.PortLow + 1);
        int left = TriesMax;
        for (uint offset = 0; offset < addresses && left > 0; offset++)
        {
            // The paired address may use up the whole budget but for a few looks at each of the others.
            int reserve = (int)(addresses - 1 - offset) * TriesPerSpareAddress;
            int tries = (int)System.Math.Min(portCount, (uint)(left - reserve));
            left -= tries;
            reply.Destination = AddressAt(selection, first + offset);
            uint kept = (uint)(own - selection.PortLow);
            uint start = reply.Protocol == IpProtocol.Sctp && kept < portCount ? kept : random->Below(portCount);
            for (int attempt = 0; attempt < tries; attempt++)
            {
                ushort port = (ushort)(selection.PortLow + (start + (uint)attempt) % portCount);
                ushort behind = BehindReserved(selection, reply, port);
                if (behind != port)
                {
                    // A published range is left in one step, not port by port.
                    start += (uint)(behind == 0 || behind > selection.PortHigh ? selection.PortHigh - port : behind - port - 1);
                    continue;
                }

                reply.DestinationPort = Be16.FromHost(port);
                if (IsFree(table, worker, ref reply, nowSeconds))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Whether there is a number that translation may change: a port, or the id of an ICMP query.</summary>
    private static bool HasPort(byte protocol) => RuleMatch.HasPorts(protocol) || protocol == IpProtocol.Icmp;

    /// <summary>The paired address or else the next free one, a bounded number in all; the tuple's ports stay.</summary>
    // Not inlined: protocols without ports are rare.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TrySelectAddress(
        ConntrackTable<Ipv4Tuple>* table, WorkerSlot* worker, in PortSelection selection, uint first, ref Ipv4Tuple reply,
        uint nowSeconds)
    {
        uint addressCount = selection.Pool == null ? 1 : selection.Pool->AddressCount;
        uint tries = addressCount < TriesMax ? addressCount : TriesMax;
        for (uint offset = 0; offset < tries; offset++)
        {
            reply.Destination = AddressAt(selection, first + offset);
            if (!IsPublished(selection, reply) && IsFree(table, worker, ref reply, nowSeconds))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The pool's address at a position, around its end; or the only one.</summary>
    private static Ipv4Address AddressAt(in PortSelection selection, uint position) => selection.Pool == null
        ? selection.Address
        : selection.Pool->AddressAt(selection.Ranges, position % selection.Pool->AddressCount);

    /// <summary>Whether the whole of the protocol is forwarded from this address; a range of ports does not concern it.</summary>
    private static bool IsPublished(in PortSelection selection, in Ipv4Tuple reply)
    {
        for (int index = 0; index < selection.ReservedCount; index++)
        {
            ReservedPorts* reserved = selection.Reserved + index;
            if (reserved->PortLow == 0 && reserved->PortHigh == ushort.MaxValue && IsReservedFor(reserved, reply))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsReservedFor(ReservedPorts* reserved, in Ipv4Tuple reply) =>
        reply.Destination.Host - reserved->AddressLow <= reserved->AddressHigh - reserved->AddressLow
            && (reserved->Protocol == 0 || reserved->Protocol == reply.Protocol);

    private static bool IsFree(ConntrackTable<Ipv4Tuple>* table, WorkerSlot* worker, ref Ipv4Tuple reply, uint nowSeconds)
    {
        Ipv4Tuple candidate = reply;
        return table->Find(&candidate, table->Hash(&candidate), nowSeconds, worker).IsNone;
    }

    /// <summary>The port itself if it may be given out, else the first one behind the reserved range it is in (0 behind
    /// 65,535).</summary>
    private static ushort BehindReserved(in PortSelection selection, in Ipv4Tuple reply, ushort port)
    {
        for (int index = 0; index < selection.ReservedCount; index++)
        {
            ReservedPorts* reserved = selection.Reserved + index;
            if (port >= reserved->PortLow && port <= reserved->PortHigh && IsReservedFor(reserved, reply))
            {
                return (ushort)(reserved->PortHigh + 1);
            }
        }

        return port;
    }

    private static uint PairedAddress(ConntrackTable<Ipv4Tuple>* table, Ipv4Address inside, uint addressCount)
    {
        Ipv4Tuple key = new() { Source = inside };
        return (uint)((table->Hash(&key) >> 32) * addressCount >> 32);
    }
}
