namespace Dataplane.Conntrack;

public unsafe partial struct ConntrackTable<TTuple>
{
    /// <summary>A whole pass over the arena takes this long; with it, nothing outlives its deadline by more, up to 30 M
    /// entries per worker of which 16 M expire in one pass (the step is bounded, twice per millisecond).</summary>
    public const uint SweepPeriodSeconds = 16;

    private const int SweepBatchMax = 1024;

    /// <summary>Removals in one step: each takes two locks and two cold buckets, so that a step after a flood has expired stays near
    /// 100 µs. Twice per millisecond that is a million a second for each worker.</summary>
    private const int SweepRemovalsMax = 512;

    /// <summary>Removes expired entries from the worker's share of the arena: a bounded step of a pass that never ends.</summary>
    /// <param name="worker">Holds the cursor; its share is the worker's n-th part of the arena.</param>
    /// <param name="nowNanoseconds">The poll's time. The step is what the elapsed time asks for, so that the length of a pass
    /// does not depend on how often a worker polls.</param>
    /// <returns>Entries removed.</returns>
    public int Sweep(WorkerSlot* worker, long nowNanoseconds)
    {
        uint share = (EntryCount + worker->WorkerCount - 1) / worker->WorkerCount;
        long elapsed = nowNanoseconds - worker->SweepNanoseconds;
        long due = (long)((System.UInt128)(ulong)elapsed * share / (SweepPeriodSeconds * 1_000_000_000ul));
        if (due < 16)
        {
            return 0;
        }

        // What a step leaves over, a part of an entry or what is beyond its bound, stays owed: the time taken is exactly what the
        // entries looked at cost, so that a pass is never longer than its period. More than a whole pass is forgiven.
        uint budget = (uint)System.Math.Min(due, SweepBatchMax);
        uint nowSeconds = (uint)(nowNanoseconds / 1_000_000_000);
        int removed = 0;
        uint looked = 0;
        for (; looked < budget && removed < SweepRemovalsMax; looked++)
        {
            uint index = worker->WorkerIndex * share + worker->SweepCursor;
            worker->SweepCursor = worker->SweepCursor + 1 < share ? worker->SweepCursor + 1 : 0;
            if (index == 0 || index >= EntryCount)
            {
                continue;
            }

            StateWord word = new(Shared.Acquire(ref Entry<TTuple>.Head(EntryAt(index))->State));
            if (word.IsLive && word.IsExpired(nowSeconds) && TryRemove(worker, index, word))
            {
                worker->Counters.Expired++;
                removed++;
            }
        }

        worker->SweepNanoseconds = due > share
            ? nowNanoseconds
            : worker->SweepNanoseconds + (long)(looked * (SweepPeriodSeconds * 1_000_000_000ul) / share);
        return removed;
    }
}
