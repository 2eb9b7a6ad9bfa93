using System.Threading;

namespace Dataplane.Conntrack.Tests;

/// <summary>What the ledger knows of a connection.</summary>
internal enum Phase : uint
{
    /// <summary>Not in the table.</summary>
    Dead,

    /// <summary>Its owner is changing it, or something that the owner does not control may end it: nothing follows from a lookup.</summary>
    Unsure,

    /// <summary>In the table until its deadline.</summary>
    Live,

    /// <summary>The same, with the state that a reset leaves and a deadline that nobody may move.</summary>
    Closed,
}

/// <summary>One line of the ledger.</summary>
/// <remarks>
/// <code>
/// bit  63 ..... 34   33 32   31 ... 0
///      version       phase   entry index
/// </code>
/// Every change of the connection raises the version, so that two equal words mean that nothing happened between them.
/// </remarks>
internal readonly record struct LedgerWord(ulong Value)
{
    public LedgerWord(uint version, Phase phase, uint index)
        : this((ulong)version << 34 | (ulong)phase << 32 | index)
    {
    }

    public uint Version => (uint)(Value >> 34);

    public Phase Phase => (Phase)(uint)(Value >> 32 & 3);

    public uint Index => (uint)Value;
}

/// <summary>What is true of every connection, written by the worker that owns it, read by everybody.</summary>
/// <remarks>
/// <para>
/// A checker reads a connection's line, looks the connection up, and reads the line again: if it is the same, the lookup must
/// have ended as the line says, whatever other threads did meanwhile and however long any of them was off its processor. The owner
/// makes a line <see cref="Phase.Unsure"/> before it touches the connection and settles it afterwards.
/// </para>
/// <para>
/// Deadlines are moved by any worker that sees the connection, so two bounds stand beside the line: the connection surely
/// lives while the clock is before <see cref="NotBefore"/>, raised after a deadline was written, and surely does not from
/// <see cref="NotAfter"/> on, raised before. Both carry the version that they belong to; a bound of another version says nothing.
/// </para>
/// </remarks>
internal sealed class ConcurrencyLedger(int numbers)
{
    private readonly ulong[] _words = new ulong[numbers];
    private readonly ulong[] _notBefore = new ulong[numbers];
    private readonly ulong[] _notAfter = new ulong[numbers];
    private readonly int[] _owners = new int[numbers];

    public int Numbers => _words.Length;

    /// <summary>The line of a connection; no later read of the caller comes before this one.</summary>
    public LedgerWord this[uint number] => new(Volatile.Read(ref _words[number]));

    /// <summary>Whether a worker may change the connection: it owns it, or takes it now because nobody does.</summary>
    /// <param name="number">The connection.</param>
    /// <param name="worker">From 0.</param>
    /// <param name="isMove">Another worker has owned it last.</param>
    public bool TryOwn(uint number, int worker, out bool isMove)
    {
        isMove = false;
        int owner = Volatile.Read(ref _owners[number]);
        if (owner >= 0)
        {
            return owner == worker;
        }

        isMove = ~owner != worker;
        return Interlocked.CompareExchange(ref _owners[number], worker, owner) == owner;
    }

    /// <summary>Leaves the connection to the worker that takes it first; by its owner. Were it given to the other worker, one that runs
    /// while the other is off its processor would soon have nothing to do.</summary>
    public void Release(uint number, int worker) => Volatile.Write(ref _owners[number], ~worker);

    /// <summary>Begins a change of a connection, to live until a deadline if the change succeeds; by its owner.</summary>
    public void Open(uint number, uint deadline) => Open(number, deadline, deadline);

    /// <summary>Begins a change after which the deadline is known in bounds only.</summary>
    public void Open(uint number, uint notBefore, uint notAfter)
    {
        uint version = this[number].Version + 1 & 0x3FFF_FFFF;
        Volatile.Write(ref _words[number], new LedgerWord(version, Phase.Unsure, 0).Value);
        Volatile.Write(ref _notBefore[number], Bound(version, notBefore));
        Volatile.Write(ref _notAfter[number], Bound(version, notAfter));
    }

    /// <summary>Ends the change.</summary>
    public void Settle(uint number, Phase phase, uint index = 0) =>
        Volatile.Write(ref _words[number], new LedgerWord(this[number].Version, phase, index).Value);

    /// <summary>The connection lives while the clock is below; 0 when nothing is known.</summary>
    public uint NotBefore(uint number, uint version)
    {
        ulong bound = Volatile.Read(ref _notBefore[number]);
        return (uint)(bound >> 32) == version ? (uint)bound : 0;
    }

    /// <summary>The connection does not live when the clock has reached this.</summary>
    public uint NotAfter(uint number, uint version)
    {
        ulong bound = Volatile.Read(ref _notAfter[number]);
        return (uint)(bound >> 32) == version ? (uint)bound : uint.MaxValue;
    }

    /// <summary>A deadline has been written.</summary>
    public void RaiseNotBefore(uint number, uint version, uint deadline) => TryRaise(ref _notBefore[number], version, deadline);

    /// <summary>A deadline is about to be written.</summary>
    /// <returns>False when the connection is another one meanwhile: it must not be.</returns>
    public bool TryRaiseNotAfter(uint number, uint version, uint deadline) => TryRaise(ref _notAfter[number], version, deadline);

    private static ulong Bound(uint version, uint deadline) => (ulong)version << 32 | deadline;

    private static bool TryRaise(ref ulong bound, uint version, uint deadline)
    {
        while (true)
        {
            ulong seen = Volatile.Read(ref bound);
            if ((uint)(seen >> 32) != version)
            {
                return false;
            }

            if ((uint)seen >= deadline || Interlocked.CompareExchange(ref bound, Bound(version, deadline), seen) == seen)
            {
                return true;
            }
        }
    }
}
