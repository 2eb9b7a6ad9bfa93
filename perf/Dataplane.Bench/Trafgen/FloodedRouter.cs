using System;
using System.Collections.Generic;

namespace Dataplane.Bench.Trafgen;

/// <summary>The state of a connection table at a moment.</summary>
/// <param name="Entries">Connections in it.</param>
/// <param name="Opened">Connections put into it so far.</param>
internal readonly record struct TableState(long Entries, long Opened);

/// <summary>What a router has counted so far.</summary>
/// <param name="Taken">Packets taken from the attacker's interface.</param>
/// <param name="Table">Its table.</param>
/// <param name="Evicted">Connections taken out of the table before their time, to make room.</param>
/// <param name="Drops">Packets dropped, by the router's own names.</param>
internal sealed record RouterReading(long Taken, TableState Table, long Evicted, IReadOnlyDictionary<string, long> Drops)
{
    /// <summary>What was dropped since then, without the reasons that did not occur.</summary>
    public Dictionary<string, long> DropsSince(RouterReading before)
    {
        Dictionary<string, long> since = [];
        foreach ((string reason, long packets) in Drops)
        {
            long difference = packets - before.Drops.GetValueOrDefault(reason);
            if (difference != 0)
            {
                since[reason] = difference;
            }
        }

        return since;
    }
}

/// <summary>A started router between the lab's hosts, and what it says of itself.</summary>
/// <remarks>The attacker is the host on the lab's dmz link; both routers translate it to the addresses of <see cref="Pool"/>, so that a
/// flood never runs out of ports before it runs out of table, and everybody else as the lab's configuration says.</remarks>
internal abstract class FloodedRouter : IDisposable
{
    /// <summary>Random sources of the flood: perf/trafgen.</summary>
    public const string Sources = "198.18.0.0/16";

    /// <summary>What the attacker is translated to (RFC 5737).</summary>
    public const string Pool = "192.0.2.1-192.0.2.254";

    /// <summary>The table alone: cheap enough to ask many times a second.</summary>
    public abstract TableState ReadTable();

    /// <summary>Everything.</summary>
    public abstract RouterReading Read();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
