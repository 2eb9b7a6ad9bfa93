using System;

namespace Dataplane.Conntrack.Tests;

/// <summary>What goes on in a run. The connections of a run are numbered; their kinds follow each other.</summary>
internal sealed record ConcurrencySetup
{
    /// <summary>Zones with a limit of their own: 1 and 2 are limited, 3 is not; steady connections are spread over these and zone 0.</summary>
    public const int Zones = 4;

    /// <summary>Reply tuples that racing connections choose from.</summary>
    public const uint RacingReplies = 24;

    /// <summary>How long, when nothing breaks.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>The limit when it is highest.</summary>
    public uint EntriesMax { get; init; } = 4000;

    /// <summary>Connections that only their owner ends.</summary>
    public uint Steady { get; init; }

    /// <summary>Connections that expire, are refreshed by every worker that sees them, and closed.</summary>
    public uint Mortal { get; init; }

    /// <summary>Connections that anybody evicts until their owner has assured them.</summary>
    public uint Evictable { get; init; }

    /// <summary>Original tuples that both workers insert whenever they like, with reply tuples from a common few.</summary>
    public uint Racing { get; init; }

    /// <summary>Of a hundred operations, those on racing connections.</summary>
    public int RacingShare { get; init; }

    /// <summary>Seconds of the run's clock, of which 200 pass in a real one, that a refresh gives a mortal connection.</summary>
    public uint Timeout { get; init; } = 8;

    /// <summary>False leaves every mortal connection in the table, to be closed and reopened only.</summary>
    public bool EndsMortals { get; init; } = true;

    /// <summary>Numbers of buckets that the control thread goes through, forth and back; none for no resizing.</summary>
    public uint[] BucketCounts { get; init; } = [];

    /// <summary>Whether the control thread changes limits.</summary>
    public bool ChangesLimits { get; init; }

    public bool Dumps { get; init; }

    /// <summary>Connections that have an owner.</summary>
    public uint Owned => Steady + Mortal + Evictable;

    public bool IsSteady(uint number) => number < Steady;

    public bool IsMortal(uint number) => number >= Steady && number < Steady + Mortal;

    public bool IsEvictable(uint number) => number >= Steady + Mortal && number < Owned;

    /// <summary>The zone of a connection's tuples.</summary>
    public ushort Zone(uint number) => (ushort)(IsSteady(number) ? number % Zones : 0);
}
