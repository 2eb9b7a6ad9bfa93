using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace Dataplane.Conntrack;

/// <summary>Tells when every worker has forgotten what it read: the grace period of retired memory.</summary>
/// <remarks>
/// <para>
/// A worker publishes, once per poll and with nothing of the table in hand, the epoch it has seen. Memory unlinked
/// before the epoch was
/// advanced to n may be reused when every online worker has published n or more: such a worker read the epoch after the
/// advance, the advance is a locked instruction after the unlinking stores, so all it reads later lacks the unlinked reference.
/// </para>
/// <para>
/// A worker that is about to sleep goes offline and is not waited for. Coming back is a full barrier before its
/// first read; without it a load could be served before the slot stops saying "offline".
/// </para>
/// <code>
/// line 0      Epoch          advanced by whoever retired something, at most once per poll
/// line 1 + w  seen by w      written by worker w only; ulong.MaxValue offline
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public unsafe struct Quiescence
{
    /// <summary>Workers at most.</summary>
    public const int WorkersMax = 64;

    public const int SizeBytes = 64 * (1 + WorkersMax);

    private const ulong Offline = ulong.MaxValue;

    [FieldOffset(0)] private ulong _epoch;
    [FieldOffset(8)] private int _workers;
    [FieldOffset(64)] private ulong _firstSeen;

    /// <summary>Prepares zeroed memory; all workers are offline.</summary>
    public void Initialize(int workers)
    {
        _epoch = 1;
        _workers = workers;
        for (int worker = 0; worker < workers; worker++)
        {
            Seen(worker) = Offline;
        }
    }

    /// <summary>The worker holds nothing it read before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Quiescent(int worker) => Shared.Release(ref Seen(worker), Shared.Acquire(ref _epoch));

    public void GoOffline(int worker) => Shared.Release(ref Seen(worker), Offline);

    public void GoOnline(int worker)
    {
        ulong epoch = Shared.Acquire(ref _epoch);
        Shared.Point();
        Interlocked.Exchange(ref Seen(worker), epoch);
    }

    /// <summary>Ends an epoch.</summary>
    /// <returns>What every online worker must have published before what was unlinked so far may be reused.</returns>
    public ulong Advance()
    {
        Shared.Point();
        return Interlocked.Increment(ref _epoch);
    }

    /// <summary>The oldest epoch that an online worker may still be in.</summary>
    public ulong OldestSeen()
    {
        ulong oldest = Offline;
        for (int worker = 0; worker < _workers; worker++)
        {
            ulong seen = Shared.Acquire(ref Seen(worker));
            oldest = seen < oldest ? seen : oldest;
        }

        return oldest;
    }

    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref ulong Seen(int worker) => ref Unsafe.AddByteOffset(ref _firstSeen, (nint)worker * 64);
}
