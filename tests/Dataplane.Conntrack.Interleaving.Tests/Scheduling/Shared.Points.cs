using System.Runtime.CompilerServices;
using Dataplane.Conntrack.Interleaving.Tests;

namespace Dataplane.Conntrack;

/// <summary>Where the table's shared accesses meet the scheduler.</summary>
internal static unsafe partial class Shared
{
    // Inlined: a point at which nothing happens is an increment and a comparison.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static partial void Reached() => Turns.Reached();

    static partial void Waiting() => Turns.Waiting();
}
