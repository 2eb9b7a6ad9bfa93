using System.Runtime.CompilerServices;
using System.Threading;

namespace Dataplane.Conntrack;

/// <summary>Every access to table memory that several workers touch, by its place in the memory order.</summary>
/// <remarks>
/// One door for all of them, so that a build for the interleaving tests can stop a worker before each and let another go on: it
/// implements the two partial methods. In every other build they do not exist and neither do the calls.
/// All members are inlined: each is one instruction.
/// </remarks>
internal static unsafe partial class Shared
{
    /// <summary>A load that no later load or store of this thread overtakes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Acquire(ref uint word)
    {
        Reached();
        return Volatile.Read(ref word);
    }

    /// <inheritdoc cref="Acquire(ref uint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Acquire(ref ushort word)
    {
        Reached();
        return Volatile.Read(ref word);
    }

    /// <inheritdoc cref="Acquire(ref uint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Acquire(ref ulong word)
    {
        Reached();
        return Volatile.Read(ref word);
    }

    /// <summary>A store that no earlier load or store of this thread comes after.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Release(ref ushort word, ushort value)
    {
        Reached();
        Volatile.Write(ref word, value);
    }

    /// <inheritdoc cref="Release(ref ushort, ushort)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Release(ref int word, int value)
    {
        Reached();
        Volatile.Write(ref word, value);
    }

    /// <inheritdoc cref="Release(ref ushort, ushort)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Release(ref uint word, uint value)
    {
        Reached();
        Volatile.Write(ref word, value);
    }

    /// <inheritdoc cref="Release(ref ushort, ushort)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Release(ref ulong word, ulong value)
    {
        Reached();
        Volatile.Write(ref word, value);
    }

    /// <summary>Stores <paramref name="value"/> if the word is <paramref name="expected"/>; a full barrier.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Swap(ref ulong word, ulong value, ulong expected)
    {
        Reached();
        return Interlocked.CompareExchange(ref word, value, expected) == expected;
    }

    /// <inheritdoc cref="Swap(ref ulong, ulong, ulong)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Swap(ref uint word, uint value, uint expected)
    {
        Reached();
        return Interlocked.CompareExchange(ref word, value, expected) == expected;
    }

    /// <inheritdoc cref="Swap(ref ulong, ulong, ulong)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Swap(ref int word, int value, int expected)
    {
        Reached();
        return Interlocked.CompareExchange(ref word, value, expected) == expected;
    }

    /// <summary>Adds and returns the sum; a full barrier.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Add(ref uint word, uint value)
    {
        Reached();
        return Interlocked.Add(ref word, value);
    }

    /// <summary>A pointer to something complete, stored by <see cref="Release(void**, void*)"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Acquire(void** pointer)
    {
        Reached();
        return (void*)Volatile.Read(ref *(nuint*)pointer);
    }

    /// <inheritdoc cref="Release(ref ushort, ushort)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Release(void** pointer, void* value)
    {
        Reached();
        Volatile.Write(ref *(nuint*)pointer, (nuint)value);
    }

    /// <summary>An access that is none of the above comes next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Point() => Reached();

    /// <summary>One turn of a loop that waits for another worker.</summary>
    public static void Wait()
    {
        Waiting();
        if (System.Runtime.Intrinsics.X86.X86Base.IsSupported)
        {
            System.Runtime.Intrinsics.X86.X86Base.Pause();
        }
    }

    static partial void Reached();

    static partial void Waiting();
}
