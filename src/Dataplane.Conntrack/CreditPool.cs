using System.Runtime.InteropServices;
using System.Threading;

namespace Dataplane.Conntrack;

/// <summary>A limit on connections: as many credits as the limit allows, drawn by workers in batches and one at a time when few are
/// left.</summary>
/// <remarks>
/// One cache line. The limit is reached exactly and never passed: a connection holds one credit, and what a worker keeps at hand
/// it gives back when the pool runs short (<see cref="EntryPool.HandIn"/>). A limit lowered below what is open makes the
/// credits negative: nothing is closed, and nothing opens until enough has ended. Up to <see cref="KeptMax"/> credits that a
/// worker already held may still be used before it looks again: within its next housekeeping for the table, within as many as there are
/// times 64 zones for a zone.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct CreditPool
{
    public const int SizeBytes = 64;

    /// <summary>No limit: more than entries can be.</summary>
    public const long Unlimited = 1L << 40;

    /// <summary>Credits that a worker draws at once, and twice of which it keeps.</summary>
    public const int Batch = 32;

    /// <summary>Credits at one worker at most.</summary>
    public const int KeptMax = 2 * Batch;

    [FieldOffset(0)] private long _credits;
    [FieldOffset(8)] private long _max;
    [FieldOffset(16)] private long _scarce;

    /// <summary>The limit.</summary>
    public readonly long Max => Volatile.Read(in _max);

    /// <summary>Credits that no worker holds; negative when the limit was lowered below what is open.</summary>
    public readonly long Left => Volatile.Read(in _credits);

    /// <summary>Few enough are left that workers keep none at hand.</summary>
    public readonly bool IsScarce => Volatile.Read(in _credits) < _scarce;

    internal void Initialize(long max, int workers)
    {
        _max = max;
        _credits = max;
        _scarce = (long)workers * KeptMax * 2;
    }

    /// <summary>Changes the limit while workers run; by one thread.</summary>
    internal void SetMax(long max)
    {
        Interlocked.Add(ref _credits, max - _max);
        Volatile.Write(ref _max, max);
    }

    /// <summary>Draws credits for a worker that has none.</summary>
    /// <param name="held">The worker's.</param>
    internal bool TryDraw(ref int held)
    {
        while (true)
        {
            Shared.Point();
            long left = Volatile.Read(ref _credits);
            if (left <= 0)
            {
                return false;
            }

            long drawn = left < _scarce ? 1 : Batch;
            Shared.Point();
            if (Interlocked.CompareExchange(ref _credits, left - drawn, left) == left)
            {
                held += (int)drawn;
                return true;
            }
        }
    }

    /// <summary>Takes back a credit whose connection has ended.</summary>
    internal void Give(ref int held)
    {
        held++;
        bool isScarce = IsScarce;
        if (held > KeptMax || isScarce)
        {
            int given = isScarce ? held : held - Batch;
            held -= given;
            Shared.Point();
            Interlocked.Add(ref _credits, given);
        }
    }

    /// <summary>Takes back what a worker holds if others may need it.</summary>
    internal void HandIn(ref int held)
    {
        if (held > 0 && IsScarce)
        {
            Shared.Point();
            Interlocked.Add(ref _credits, held);
            held = 0;
        }
    }
}
