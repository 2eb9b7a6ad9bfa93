using System;

namespace Dataplane.Conntrack;

/// <summary>The low 16 bits of an entry's state word.</summary>
[Flags]
public enum EntryFlags : ushort
{
    None = 0,

    /// <summary>Published in the table by both tuples; set once, by the inserter.</summary>
    Confirmed = 1 << 0,

    /// <summary>Being removed; whoever set it by compare-and-swap owns the removal.</summary>
    Dying = 1 << 1,

    /// <summary>Worth keeping under pressure: TCP after its handshake, UDP after a two-way exchange went on.</summary>
    Assured = 1 << 2,

    /// <summary>A packet of the reply direction has been seen.</summary>
    SeenReply = 1 << 3,

    /// <summary>The source of the original direction is translated.</summary>
    SourceNat = 1 << 4,

    /// <summary>The destination of the original direction is translated.</summary>
    DestinationNat = 1 << 5,
}
