using System.Runtime.CompilerServices;

namespace Dataplane.Conntrack;

/// <summary>State, flags and deadline of an entry in the one 64-bit word that compare-and-swap changes.</summary>
/// <remarks>
/// Everything that decides whether an entry lives stands in this word, so that a refresh, a close, an eviction and a removal
/// can never half overtake each other: each is one swap, and the loser looks again.
/// <code>
/// bit  63 .............. 32   31 ....... 24   23 ........... 16   15 ... 0
///      deadline, seconds      state           timeout policy      flags
/// </code>
/// The deadline counts seconds of the worker's monotonic clock. One second is coarse on purpose: a busy connection's
/// word changes at most once a second, so that its cache line stays clean in between. A timeout is
/// never cut short by it: the deadline is <c>now</c> rounded down plus the timeout plus one.
/// </remarks>
public readonly struct StateWord
{
    public readonly ulong Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public StateWord(ulong value) => Value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public StateWord(uint deadlineSeconds, ConnectionState state, byte policy, EntryFlags flags) =>
        Value = (ulong)deadlineSeconds << 32 | (uint)state << 24 | (uint)policy << 16 | (uint)flags;

    public uint DeadlineSeconds
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (uint)(Value >> 32);
    }

    public ConnectionState State
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (ConnectionState)(byte)(Value >> 24);
    }

    public byte Policy
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (byte)(Value >> 16);
    }

    public EntryFlags Flags
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (EntryFlags)(ushort)Value;
    }

    /// <summary>In the table and not being removed.</summary>
    public bool IsLive
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (Value & (uint)(EntryFlags.Confirmed | EntryFlags.Dying)) == (uint)EntryFlags.Confirmed;
    }

    /// <summary>Whether the deadline has passed at <paramref name="nowSeconds"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsExpired(uint nowSeconds) => DeadlineSeconds <= nowSeconds;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public StateWord With(EntryFlags added) => new(Value | (uint)added);
}
