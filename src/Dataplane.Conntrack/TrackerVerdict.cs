using System.Runtime.CompilerServices;
using Dataplane.Packet;

namespace Dataplane.Conntrack;

/// <summary>What a packet does to its connection; 3 bytes, returned in a register.</summary>
/// <remarks>Of the trackers that read more than a direction and a class: TCP, SCTP and DCCP.</remarks>
public readonly struct TrackerVerdict
{
    /// <summary>The next state, which refreshes the deadline even if it is the old one; or <see cref="Trackers.Invalid"/>,
    /// <see cref="Trackers.Keep"/> or <see cref="Trackers.Reopen"/>.</summary>
    public readonly byte Effect;

    /// <summary>Why it is invalid; <see cref="DropReason.None"/> if it is not.</summary>
    public readonly DropReason Reason;

    /// <summary>Whose timeout caps that of the next state; <see cref="ConnectionState.None"/> mostly.</summary>
    public readonly ConnectionState Cap;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TrackerVerdict(byte effect, DropReason reason, ConnectionState cap)
    {
        Effect = effect;
        Reason = reason;
        Cap = cap;
    }

    /// <summary>Forwarded, nothing changes, and the connection lives no longer for it.</summary>
    public static TrackerVerdict Keep => new(Trackers.Keep, DropReason.None, ConnectionState.None);

    /// <summary>Opens the next connection with the same tuple.</summary>
    public static TrackerVerdict Reopen => new(Trackers.Reopen, DropReason.None, ConnectionState.None);

    /// <summary>Whether the packet is forwarded by this entry.</summary>
    public bool IsForwarded => Effect is not (Trackers.Invalid or Trackers.Reopen);

    public static TrackerVerdict Invalid(DropReason reason) => new(Trackers.Invalid, reason, ConnectionState.None);

    public static TrackerVerdict Next(byte state, ConnectionState cap = ConnectionState.None) => new(state, DropReason.None, cap);
}
