namespace Dataplane.Nat;

/// <summary>What a packet is to connection tracking, as rules ask for it.</summary>
/// <remarks>Bit <c>1 &lt;&lt; state</c> of <see cref="RuleMatch.States"/> selects it.</remarks>
public enum PacketState : byte
{
    /// <summary>Opens a connection.</summary>
    New = 0,

    /// <summary>Belongs to one.</summary>
    Established = 1,

    /// <summary>Speaks of one, as an ICMP error does, or opens one that another announced.</summary>
    Related = 2,

    /// <summary>Belongs to none and can open none.</summary>
    Invalid = 3,

    /// <summary>A rule has taken it out of tracking.</summary>
    Untracked = 4,
}
