using System.Collections.Generic;
using System.Linq;

namespace Dataplane.Lab;

/// <summary>The sums over all workers of what came in and what became of it.</summary>
/// <param name="In">Received from ports and made by the router itself.</param>
/// <param name="Out">Transmitted, consumed, dropped or held.</param>
/// <param name="Dropped">Dropped, by the workers' counters.</param>
/// <param name="Reasons">Dropped, by the sum over the reasons.</param>
public readonly record struct PacketBalance(long In, long Out, long Dropped, long Reasons)
{
    /// <summary>No packet vanished, none was counted twice, and each drop has exactly one reason.</summary>
    public bool Holds => In == Out && Dropped == Reasons;

    public static PacketBalance Of(IReadOnlyList<WorkerRow> workers, IReadOnlyList<DropRow> drops) => new(
        workers.Sum(w => w.Received + w.Made),
        workers.Sum(w => w.Transmitted + w.Consumed + w.Dropped + w.Held),
        workers.Sum(w => w.Dropped),
        drops.Sum(d => d.Packets));
}
