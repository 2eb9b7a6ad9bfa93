using System;
using System.Runtime.InteropServices;

namespace Dataplane.Nat;

/// <summary>What a track rule does; every matching rule applies.</summary>
[Flags]
public enum TrackActions : byte
{
    None = 0,

    /// <summary>Forward without an entry and without translation.</summary>
    NoTrack = 1,

    /// <summary>Change the connection's mark.</summary>
    SetMark = 2,

    /// <summary>Let the connection live by another timeout policy than the default.</summary>
    SetPolicy = 4,

    /// <summary>Add bits to the connection's label.</summary>
    SetLabel = 8,
}

/// <summary>What one track rule sets, for both address families; 32 bytes, immutable after compilation.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct TrackEffect
{
    /// <summary>Which of the other fields count.</summary>
    public TrackActions Actions;

    /// <summary>Timeout policy, with <see cref="TrackActions.SetPolicy"/>; below the timeout table's number of policies.</summary>
    public byte Policy;

    /// <summary>Bits that are set in the mark, with <see cref="TrackActions.SetMark"/>.</summary>
    public uint Mark;

    /// <summary>Bits of the mark that stay as they are; 0 replaces all of it.</summary>
    public uint MarkKept;

    /// <summary>Bits added to the label, with <see cref="TrackActions.SetLabel"/>.</summary>
    public ConnectionLabel Label;
}

/// <summary>What all matching track rules together say; the mark and label stand in the packet.</summary>
/// <param name="Actions">Of every matching rule.</param>
/// <param name="Policy">The last matching rule's timeout policy; 0, the default, if none names one.</param>
public readonly record struct TrackDecision(TrackActions Actions, byte Policy)
{
    /// <summary>Whether the connection gets an entry.</summary>
    public bool IsTracked => (Actions & TrackActions.NoTrack) == 0;

    /// <summary>Adds what one more rule says.</summary>
    internal TrackDecision And(in TrackEffect effect, ref uint mark, ref ConnectionLabel label, ref PacketState state)
    {
        if ((effect.Actions & TrackActions.SetMark) != 0)
        {
            mark = mark & effect.MarkKept | effect.Mark;
        }

        if ((effect.Actions & TrackActions.SetLabel) != 0)
        {
            label |= effect.Label;
        }

        state = (effect.Actions & TrackActions.NoTrack) != 0 ? PacketState.Untracked : state;
        return new TrackDecision(Actions | effect.Actions, (effect.Actions & TrackActions.SetPolicy) != 0 ? effect.Policy : Policy);
    }
}
