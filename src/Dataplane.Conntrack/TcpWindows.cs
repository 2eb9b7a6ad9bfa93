using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace Dataplane.Conntrack;

/// <summary>What one direction's segments have said; 12 bytes, sequence numbers in host order, compared modulo 2^32.</summary>
/// <remarks>
/// <code>
/// offset size field
///      0    4 End        one behind the highest sequence number sent (SYN and FIN count one): the least SND.NXT can be
///      4    4 MaxAck     highest acknowledgment sent, or the least that may come first: the least RCV.NXT can be
///      8    4 Granted    highest acknowledgment plus window sent: one behind what the other direction may send
/// </code>
/// All three are written by segments of this direction alone, so that with one worker per direction each line of the
/// judgement reads what happened before the segment that it judges.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct TcpSide
{
    public const int SizeBytes = 12;

    [FieldOffset(0)] public uint End;
    [FieldOffset(4)] public uint MaxAck;
    [FieldOffset(8)] public uint Granted;
}

/// <summary>Sequence numbers and windows of a TCP connection; 32 bytes of the entry's tail.</summary>
/// <remarks>
/// <code>
/// offset size field             written by
///      0   12 Original          segments of the original direction
///     12   12 Reply             segments of the reply direction
///     24    4 RestartNext       a SYN of the opener on an open connection: the acknowledgment that would accept it;
///                               before that, of two SYN-ACKs: what acknowledges the first
///     28    1 Scales            SYN and SYN-ACK: window shifts, original in the low nibble; 15 not offered (handshake only)
///     29    1 Spans             a larger window: log2 of each direction's largest, less 16, rounded up; original low
///     30    1 Retransmissions   repeated segments since the peer was last heard, up to 15; original low
///     31    1 Bits              Locked, Learned, Restarting, ReplyClosedFirst; the restarting SYN's window shift on top
/// </code>
/// <para>
/// The largest window serves lower bounds alone, as a power of two: a bound that is up to twice as far back costs a blind
/// attacker nothing that a receiver would take, and 16 bits make room for the rest. 64 KiB is the least, so that a
/// duplicate which the network has delayed still reaches the receiver, whose answer the sender may need.
/// </para>
/// <para>
/// Everything is zero in a new entry. One worker writes it without a lock; with several, all changes are made and every refusal
/// is decided between <see cref="Enter"/> and <see cref="Exit"/>.
/// </para>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct TcpWindows
{
    public const int SizeBytes = 32;

    /// <summary>The largest window shift (RFC 7323 §2.3).</summary>
    public const int ScaleMax = 14;

    /// <summary>In <see cref="Scales"/>: the SYN carried no window scale option.</summary>
    public const int ScaleNone = 15;

    /// <summary>The most that <see cref="Retransmissions"/> counts, and so the largest useful limit.</summary>
    public const int RetransmissionsMax = 15;

    /// <summary>In <see cref="Bits"/>: a worker is at work here.</summary>
    public const byte Locked = 1;

    /// <summary>In <see cref="Bits"/>: something was not seen, the beginning or the rest of a segment in fragments, so that the peer may
    /// acknowledge more than is known here.</summary>
    public const byte Learned = 2;

    /// <summary>In <see cref="Bits"/>: <see cref="RestartNext"/> is valid.</summary>
    public const byte Restarting = 4;

    /// <summary>In <see cref="Bits"/>: of the two FINs the reply direction's was first.</summary>
    public const byte ReplyClosedFirst = 8;

    /// <summary>In <see cref="Bits"/>, before the handshake's end, when there is no FIN yet: <see cref="RestartNext"/> is what would
    /// acknowledge an earlier SYN-ACK of another number.</summary>
    public const byte AnsweredTwice = ReplyClosedFirst;

    private const byte Lasting = Locked | Learned | ReplyClosedFirst;

    [FieldOffset(0)] public TcpSide Original;
    [FieldOffset(12)] public TcpSide Reply;
    [FieldOffset(24)] public uint RestartNext;
    [FieldOffset(28)] public byte Scales;
    [FieldOffset(29)] public byte Spans;
    [FieldOffset(30)] public byte Retransmissions;
    [FieldOffset(31)] public byte Bits;

    /// <summary><see cref="Retransmissions"/> and <see cref="Bits"/> as one load, for the fast path.</summary>
    [FieldOffset(30)] public ushort Unusual;

    /// <summary>The mask on <see cref="Unusual"/> of what keeps a segment from the fast path.</summary>
    public static ushort UnusualMask
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => BitConverter.IsLittleEndian ? (ushort)(Restarting << 8 | 0xFF) : (ushort)(0xFF << 8 | Restarting);
    }

    /// <summary>Whether either side has sent something that the other has not acknowledged.</summary>
    public readonly bool IsUnacknowledged
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ((Original.End ^ Reply.MaxAck) | (Reply.End ^ Original.MaxAck)) != 0;
    }

    /// <summary>Whose FIN came first; meaningless before the first.</summary>
    public Direction FirstToClose
    {
        readonly get => (Bits & ReplyClosedFirst) != 0 ? Direction.Reply : Direction.Original;
        set => Bits = (byte)((Bits & ~ReplyClosedFirst) | (value == Direction.Reply ? ReplyClosedFirst : 0));
    }

    /// <summary>The half of <paramref name="direction"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref TcpSide Side(ref TcpWindows windows, Direction direction) =>
        ref Unsafe.Add(ref windows.Original, (int)direction);

    /// <summary>Waits for the connection's lock. Held for the judgement of one segment only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Enter(ref TcpWindows windows)
    {
        Shared.Point();
        byte bits = windows.Bits;
        if ((bits & Locked) != 0 || Interlocked.CompareExchange(ref windows.Bits, (byte)(bits | Locked), bits) != bits)
        {
            Spin(ref windows);
        }
    }

    /// <summary>Gives the lock back; all earlier stores are visible before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Exit(ref TcpWindows windows)
    {
        Shared.Point();
        Volatile.Write(ref windows.Bits, (byte)(windows.Bits & ~Locked));
    }

    /// <summary>The window shift in force; 0 until both sides have offered one (RFC 7323 §2.2).</summary>
    public readonly int Scale(Direction direction)
    {
        int own = Scales >> Shift(direction) & 15;
        int peer = Scales >> (Shift(direction) ^ 4) & 15;
        return own == ScaleNone || peer == ScaleNone ? 0 : own;
    }

    /// <summary>Takes the shift that a SYN of <paramref name="direction"/> offered, <see cref="ScaleNone"/> for none.</summary>
    public void OfferScale(Direction direction, int scale) => Scales = Put(Scales, direction, scale);

    /// <summary>After the handshake: replaces what was offered by what is in force.</summary>
    public void SettleScales() => Scales = (byte)(Scale(Direction.Original) | Scale(Direction.Reply) << 4);

    /// <summary>A power of two that no window of <paramref name="direction"/> exceeded: 2^16 to 2^30.</summary>
    public readonly uint SpanBytes(Direction direction) => 1u << (16 + (Spans >> Shift(direction) & 15));

    /// <summary>Takes note of a window, in bytes, up to 2^30.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void NoteWindow(Direction direction, uint windowBytes)
    {
        if (windowBytes > SpanBytes(direction))
        {
            Spans = Put(Spans, direction, 16 - BitOperations.LeadingZeroCount(windowBytes - 1));
        }
    }

    public readonly int RetransmissionCount(Direction direction) => Retransmissions >> Shift(direction) & 15;

    /// <summary>One more repetition; stays at <see cref="RetransmissionsMax"/>.</summary>
    public void CountRetransmission(Direction direction) =>
        Retransmissions = Put(Retransmissions, direction, Math.Min(RetransmissionCount(direction) + 1, RetransmissionsMax));

    /// <summary>The peer of <paramref name="direction"/> has been heard.</summary>
    public void ForgetRetransmissions(Direction direction) => Retransmissions = Put(Retransmissions, direction, 0);

    /// <summary>Remembers a SYN that the opener sent on an open connection.</summary>
    public void NoteRestart(uint next, int scale)
    {
        RestartNext = next;
        Bits = (byte)((Bits & Lasting) | Restarting | scale << 4);
    }

    public void ForgetRestart() => Bits &= Lasting;

    /// <summary>Remembers what acknowledges a SYN-ACK after which another one came; of more than two the last ones count.</summary>
    public void NoteEarlierAnswer(uint next)
    {
        RestartNext = next;
        Bits = (byte)((Bits & (Locked | Learned)) | AnsweredTwice);
    }

    /// <summary>Whether an acknowledgment is of the earlier one of two SYN-ACKs.</summary>
    public readonly bool IsOfEarlierAnswer(uint acknowledgment) =>
        (Bits & (AnsweredTwice | Restarting)) == AnsweredTwice && acknowledgment == RestartNext;

    private static int Shift(Direction direction) => (int)direction << 2;

    private static byte Put(byte pair, Direction direction, int value) =>
        (byte)((pair & 0xF0 >> Shift(direction)) | value << Shift(direction));

    // Not inlined: two workers hold segments of one connection in the same instant.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Spin(ref TcpWindows windows)
    {
        while (true)
        {
            byte bits = Volatile.Read(ref windows.Bits);
            if ((bits & Locked) == 0
                && Interlocked.CompareExchange(ref windows.Bits, (byte)(bits | Locked), bits) == bits)
            {
                return;
            }

            Shared.Wait();
        }
    }
}
