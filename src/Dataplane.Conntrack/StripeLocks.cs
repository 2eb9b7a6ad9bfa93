using System.Runtime.CompilerServices;
using System.Threading;

namespace Dataplane.Conntrack;

/// <summary>The hashed spinlocks of the table's writers: 1024 words, 4 KiB.</summary>
/// <remarks>
/// The lock of a bucket is the low bits of its index, so a bucket and everything that overflows from it
/// share one lock, whatever the table's size. Two tuples are locked together, smaller index first, an
/// equal index once; no writer ever waits while it holds the larger one. Nothing is called under a lock that could
/// block, and a holder does a bounded number of memory accesses, so waiters spin.
/// </remarks>
public static unsafe class StripeLocks
{
#if FEW_LOCKS
    /// <summary>A build with few locks makes contention and equal indexes common in tests.</summary>
    public const int Count = 8;
#elif TWO_LOCKS
    /// <summary>The least that has an order of locks to keep; for enumerating interleavings over a few buckets.</summary>
    public const int Count = 2;
#else
    public const int Count = 1024;
#endif

    public const int SizeBytes = Count * sizeof(int);

    /// <summary>Takes the locks of two hashes.</summary>
    public static void EnterBoth(int* locks, ulong firstHash, ulong secondHash)
    {
        uint first = (uint)firstHash & (Count - 1);
        uint second = (uint)secondHash & (Count - 1);
        Enter(locks + (first < second ? first : second));
        if (first != second)
        {
            Enter(locks + (first < second ? second : first));
        }
    }

    /// <summary>Gives the locks of two hashes back.</summary>
    public static void ExitBoth(int* locks, ulong firstHash, ulong secondHash)
    {
        uint first = (uint)firstHash & (Count - 1);
        uint second = (uint)secondHash & (Count - 1);
        Shared.Release(ref locks[first], 0);
        if (first != second)
        {
            Shared.Release(ref locks[second], 0);
        }
    }

    /// <summary>Takes one spinlock word: 0 free, 1 held.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Enter(int* word)
    {
        if (!Shared.Swap(ref *word, 1, 0))
        {
            Spin(word);
        }
    }

    /// <summary>Gives one spinlock word back; all earlier stores are visible before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Exit(int* word) => Shared.Release(ref *word, 0);

    // Not inlined: contention is rare, and the uncontended path stays three instructions.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Spin(int* word)
    {
        do
        {
            while (Volatile.Read(ref *word) != 0)
            {
                Shared.Wait();
            }
        }
        while (!Shared.Swap(ref *word, 1, 0));
    }
}
