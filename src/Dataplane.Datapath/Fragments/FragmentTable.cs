using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Datapath.Fragments;

/// <summary>The incomplete datagrams of one address family, shared by all workers.</summary>
/// <remarks>
/// <para>
/// Virtual reassembly: nothing is joined or copied. The first fragment tells ports and protocol; it goes its way at
/// once, and the others follow it by the same connection. What comes before it waits. A table and not a list per worker,
/// because no NIC can be relied on to bring all fragments of a datagram to one queue: only the first has ports to hash.
/// </para>
/// <para>
/// The key is the datagram's tuple with the 32 bits of the ports replaced by the identification: source, destination,
/// zone, and in IPv4 the protocol (RFC 791 §3.2); in IPv6 it does not belong to the key (RFC 8200 §4.5).
/// </para>
/// <para>
/// A set-associative table: the keyed hash selects a set of eight records under one lock, and a datagram is in its set or
/// nowhere. A packet costs one hash, one lock, eight key comparisons and at most 64 piece comparisons, whatever a flood
/// does; there is no chain to lengthen, no list of the least recently used to fight over, nothing to allocate. The price
/// is that a set may be full before the table is: among 512 sets a ninth datagram meets a set of eight once in a million
/// sets with 512 datagrams in the table, once in fifty with 2,048 (Poisson, means 1 and 4). Then the oldest
/// datagram of the set goes whose first fragment has not come, else the oldest. A flood of pieces without a first thus
/// replaces itself: a datagram goes only after eight newer ones in its set, on average 4,096 in the table, and packets
/// that wait only after 2,048 that began to wait later. At a million a second that is 4 and 2 ms, in which the other
/// fragments of a datagram that is not the flood's have long come.
/// </para>
/// <para>
/// A datagram that has overlapping fragments is refused until its time is over, the fragments to come included (RFC 5722
/// §3; RFC 8200 §4.5 for IPv6, for IPv4 by choice, as Linux does). Pieces that had gone on before have gone: no two that
/// overlap ever leave, which is what matters to the receiver. An exact duplicate is dropped alone: were it forwarded, the
/// same place of the datagram could pass twice with different bytes. A complete datagram's record is free at once, for the
/// identification's next use.
/// </para>
/// <para>
/// Locks: that of a set, or that of a source, never two at once. Under a lock a bounded number of memory accesses happens
/// and nothing else; packets are freed and sent after it.
/// </para>
/// </remarks>
/// <typeparam name="TTuple"><see cref="Ipv4Tuple"/> or <see cref="Ipv6Tuple"/>, as a key.</typeparam>
[StructLayout(LayoutKind.Sequential)]
public unsafe partial struct FragmentTable<TTuple>
    where TTuple : unmanaged, IEquatable<TTuple>
{
    private const uint None = uint.MaxValue;

    private static bool IsIpv6 => sizeof(TTuple) == Ipv6Tuple.SizeBytes;

    private FragmentSet* _sets;
    private TTuple* _keys;
    private FragmentRecord* _records;
    private FragmentSource* _sources;
    private FragmentShared* _shared;
    private uint _setMask;
    private int _used;
    private uint _sweepCursor;

    /// <summary>Datagrams that have a record, refused ones included.</summary>
    public int Used => Volatile.Read(ref _used);

    /// <summary>Datagrams that there is room for.</summary>
    public readonly int Capacity => (int)(_setMask + 1) * FragmentSet.Ways;

    /// <summary>Bytes to give to <see cref="Initialize"/>.</summary>
    public static int MemoryBytes(FragmentLimits limits)
    {
        int sets = SetsFor(limits);
        return sets * (FragmentSet.SizeBytes + FragmentSet.Ways * (sizeof(TTuple) + FragmentRecord.SizeBytes))
            + FragmentSource.Count * FragmentSource.SizeBytes;
    }

    /// <summary>Lays the table out.</summary>
    /// <param name="memory">Zeroed, aligned to 64 bytes.</param>
    /// <param name="shared">What both families share, filled.</param>
    public void Initialize(byte* memory, FragmentShared* shared)
    {
        int sets = SetsFor(shared->Limits);
        _setMask = (uint)sets - 1;
        _shared = shared;
        _sets = (FragmentSet*)memory;
        _records = (FragmentRecord*)(_sets + sets);
        _sources = (FragmentSource*)(_records + sets * FragmentSet.Ways);
        _keys = (TTuple*)(_sources + FragmentSource.Count);
    }

    /// <summary>The keyed hash of a key, or of what stands for a source.</summary>
    public readonly ulong Hash(TTuple* key) => TupleHash.Compute(key, &_shared->Key);

    private static int SetsFor(FragmentLimits limits) =>
        (int)BitOperations.RoundUpToPowerOf2((uint)limits.Bounded.Datagrams) / FragmentSet.Ways;

    private readonly FragmentRecord* Record(uint set, int way) => _records + set * FragmentSet.Ways + way;

    // Bits that the set is not chosen by.
    private static ushort SourceOf(ulong sourceHash) => (ushort)(sourceHash >> 32 & (FragmentSource.Count - 1));

    /// <summary>The record of a key, live or not any more; only under the set's lock.</summary>
    private readonly uint Find(uint set, TTuple* key)
    {
        TTuple* keys = _keys + set * FragmentSet.Ways;
        for (uint live = _sets[set].Live; live != 0; live &= live - 1)
        {
            int way = BitOperations.TrailingZeroCount(live);
            if (keys[way].Equals(*key))
            {
                return set * FragmentSet.Ways + (uint)way;
            }
        }

        return None;
    }

    /// <summary>Ends a datagram; what waits goes to <paramref name="victims"/>. Only under the set's lock.</summary>
    private void End(uint index, FragmentBatch* victims, DropReason reason)
    {
        TakeHeld(_records + index, victims);
        victims->Reason = reason;
        Free(index);
    }

    /// <summary>Frees a record with which nothing waits; only under the set's lock.</summary>
    private void Free(uint index)
    {
        _records[index].Generation++;
        FragmentSet* set = _sets + index / FragmentSet.Ways;
        set->Live = (byte)(set->Live & ~(1 << (int)(index % FragmentSet.Ways)));
        Interlocked.Decrement(ref _used);
    }

    private readonly void TakeHeld(FragmentRecord* record, FragmentBatch* batch)
    {
        record->TakeHeld(batch);
        Unhold(record->Source, batch->Count);
    }

    /// <summary>Lets one more packet of a source wait, unless too many do; <see cref="FragmentShared"/> bounds them all.</summary>
    private readonly DropReason TryHold(ushort source)
    {
        if (_shared->Limits.Held == 0)
        {
            return DropReason.FragmentTableFull;
        }

        if (Interlocked.Increment(ref _sources[source].Held) > _shared->Limits.HeldPerSource)
        {
            Interlocked.Decrement(ref _sources[source].Held);
            return DropReason.FragmentSourceLimit;
        }

        Interlocked.Increment(ref _shared->Held);
        return DropReason.None;
    }

    // Read first: in order, which is nearly always, nothing waits, and the shared line stays where it is.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Unhold(ushort source, int count)
    {
        if (count != 0)
        {
            Interlocked.Add(ref _sources[source].Held, -count);
            Interlocked.Add(ref _shared->Held, -count);
        }
    }
}
