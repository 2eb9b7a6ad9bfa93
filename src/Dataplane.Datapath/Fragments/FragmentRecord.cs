using System.Runtime.InteropServices;
using Dataplane.Packet;

namespace Dataplane.Datapath.Fragments;

/// <summary>What adding a fragment to its datagram shows.</summary>
public enum FragmentFit
{
    /// <summary>It fills a gap.</summary>
    Added,

    /// <summary>Exactly this piece is there already.</summary>
    Duplicate,

    /// <summary>It shares bytes with another, or contradicts where the datagram ends.</summary>
    Overlap,

    /// <summary>The datagram has as many fragments as it may.</summary>
    TooMany,
}

/// <summary>The life of a datagram's record.</summary>
[System.Flags]
public enum FragmentFlags : byte
{
    None = 0,

    /// <summary>The first fragment came: <see cref="FragmentRecord.Transport"/> is filled.</summary>
    HasFirst = 1,

    /// <summary>
    /// A worker is on its way with the first fragment and the ones that waited; the record stays until it comes back, and
    /// whatever arrives meanwhile waits, so that nothing overtakes.
    /// </summary>
    Releasing = 2,

    /// <summary>What comes is dropped, for <see cref="FragmentRecord.Reason"/>.</summary>
    Refused = 4,
}

/// <summary>One incomplete datagram: which pieces came, and which of them wait; 896 bytes, 14 cache lines.</summary>
/// <remarks>
/// Read and written under the lock of its set. The pieces are kept apart and in no order: sixty-four comparisons at
/// most, over four lines, are cheaper than a sorted list is to keep, and only single pieces tell an exact duplicate from
/// an overlap.
/// <code>
/// offset size field
///      0    8 DeadlineNanoseconds
///      8    4 Generation       counts the datagrams that had this record
///     12    4 CoveredBytes     sum of the pieces, which do not overlap
///     16    4 TotalBytes       where the last fragment ends; 0 before it came
///     20    4 HighestBytes     the farthest end of all pieces
///     24    2 Source           slot of the source
///     26    6 Transport
///     32    1 Flags
///     33    1 Reason           with Refused
///     34    1 PieceCount
///     35    1 HeldCount
///     64  256 pieces           offset in the low half, end in the high one
///    320  512 held packets     in the order of arrival
///    832   64 their ports
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public unsafe struct FragmentRecord
{
    public const int SizeBytes = 896;

    [FieldOffset(0)] public long DeadlineNanoseconds;
    [FieldOffset(8)] public uint Generation;
    [FieldOffset(12)] public int CoveredBytes;
    [FieldOffset(16)] public int TotalBytes;
    [FieldOffset(20)] public int HighestBytes;
    [FieldOffset(24)] public ushort Source;
    [FieldOffset(26)] public FragmentTransport Transport;
    [FieldOffset(32)] public FragmentFlags Flags;
    [FieldOffset(33)] public DropReason Reason;
    [FieldOffset(34)] public byte PieceCount;
    [FieldOffset(35)] public byte HeldCount;
    [FieldOffset(64)] private fixed uint _pieces[FragmentLimits.PerDatagramMax];
    [FieldOffset(320)] private fixed ulong _held[FragmentLimits.PerDatagramMax];
    [FieldOffset(832)] private fixed byte _heldPorts[FragmentLimits.PerDatagramMax];

    /// <summary>Every byte from 0 to the last fragment's end has come.</summary>
    public readonly bool IsComplete => TotalBytes != 0 && CoveredBytes == TotalBytes;

    public readonly bool IsRefused => (Flags & FragmentFlags.Refused) != 0;

    public readonly bool IsReleasing => (Flags & FragmentFlags.Releasing) != 0;

    /// <summary>The first fragment has gone through: the others can follow at once.</summary>
    public readonly bool IsKnown => (Flags & (FragmentFlags.HasFirst | FragmentFlags.Releasing)) == FragmentFlags.HasFirst;

    /// <summary>Begins a datagram; the generation stays.</summary>
    public void Begin(long deadlineNanoseconds, ushort source)
    {
        DeadlineNanoseconds = deadlineNanoseconds;
        CoveredBytes = 0;
        TotalBytes = 0;
        HighestBytes = 0;
        Source = source;
        Flags = FragmentFlags.None;
        Reason = DropReason.None;
        PieceCount = 0;
        HeldCount = 0;
    }

    /// <summary>Takes note of a piece.</summary>
    /// <param name="offsetBytes">Where it begins, 0 to 65,528.</param>
    /// <param name="lengthBytes">At least 1; offset and length together 65,535 at most.</param>
    /// <param name="isLast">It ends the datagram.</param>
    /// <param name="piecesMax">At most <see cref="FragmentLimits.PerDatagramMax"/>.</param>
    /// <returns>Anything but <see cref="FragmentFit.Added"/> left the record as it was.</returns>
    public FragmentFit Add(int offsetBytes, int lengthBytes, bool isLast, int piecesMax)
    {
        int end = offsetBytes + lengthBytes;
        uint piece = (uint)offsetBytes | (uint)end << 16;
        for (int index = 0; index < PieceCount; index++)
        {
            uint other = _pieces[index];
            if (other == piece)
            {
                // The same bytes, once as the end and once not, are two different datagrams.
                return isLast == (TotalBytes == end) ? FragmentFit.Duplicate : FragmentFit.Overlap;
            }

            if (offsetBytes < (int)(other >> 16) && (int)(other & 0xFFFF) < end)
            {
                return FragmentFit.Overlap;
            }
        }

        bool contradicts = isLast ? TotalBytes != 0 || HighestBytes > end : TotalBytes != 0 && end > TotalBytes;
        if (contradicts)
        {
            return FragmentFit.Overlap;
        }

        if (PieceCount >= piecesMax)
        {
            return FragmentFit.TooMany;
        }

        _pieces[PieceCount++] = piece;
        CoveredBytes += lengthBytes;
        HighestBytes = end > HighestBytes ? end : HighestBytes;
        TotalBytes = isLast ? end : TotalBytes;
        return FragmentFit.Added;
    }

    /// <summary>Lets a packet wait; each is a piece, so there is room.</summary>
    public void Hold(Mbuf* packet, byte port)
    {
        _held[HeldCount] = (ulong)packet;
        _heldPorts[HeldCount++] = port;
    }

    /// <summary>Moves what waits to a batch, in the order of arrival.</summary>
    public void TakeHeld(FragmentBatch* batch)
    {
        for (int index = 0; index < HeldCount; index++)
        {
            batch->Packets[index] = _held[index];
            batch->Ports[index] = _heldPorts[index];
        }

        batch->Count = HeldCount;
        batch->Transport = Transport;
        HeldCount = 0;
    }
}
