using System.Threading;

namespace Dataplane.Conntrack.Tests;

/// <summary>Counts the connections under a limit that moves, and notices when there are more than it allows.</summary>
/// <remarks>
/// A connection is counted after the table gave it room and uncounted before it can give the room back, so the count is never above
/// the true number. A lowered limit binds from the moment that the pool has no debt: what is open and what workers hold at hand is
/// then within it, and stays so.
/// </remarks>
internal sealed class ConcurrencyLimit(long limit)
{
    private readonly long _highest = limit;
    private long _open;
    private long _bound = limit;
    private uint _changes;

    /// <summary>Asked for before the table is asked for room.</summary>
    public uint Changes => Volatile.Read(ref _changes);

    /// <summary>Counts a connection that the table gave room.</summary>
    /// <param name="changes">Before the table was asked. Which limit held is known only if it is the same now.</param>
    public void Opened(uint changes)
    {
        long bound = Volatile.Read(ref _bound);
        long open = Interlocked.Increment(ref _open);
        bool isSettled = (changes & 1) == 0 && Changes == changes;
        if (open > _highest || (isSettled && open > bound))
        {
            throw new BreachException(BreachKind.LimitPassed, $"{open} connections under a limit of {(isSettled ? bound : _highest)}");
        }
    }

    /// <summary>Uncounts connections that may end from now on.</summary>
    public void Closing(int connections = 1) => Interlocked.Add(ref _open, -connections);

    /// <summary>Counts those again that did not end.</summary>
    public void Stayed(int connections = 1) => Interlocked.Add(ref _open, connections);

    /// <summary>Says which limit holds; by one thread, before the table's is raised or after it was lowered and the debt is gone.</summary>
    public void Bind(long bound)
    {
        Interlocked.Increment(ref _changes);
        Volatile.Write(ref _bound, bound);
        Interlocked.Increment(ref _changes);
    }
}
