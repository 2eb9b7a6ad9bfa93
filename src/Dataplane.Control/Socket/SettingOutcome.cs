using System;

namespace Dataplane.Control.Socket;

/// <summary>What became of a request to change a setting; the word that goes into <c>code</c>.</summary>
public enum SettingResult
{
    Done,

    /// <summary>No zone of this name is configured.</summary>
    ZoneUnknown,

    /// <summary>No timeout policy of this name is configured.</summary>
    PolicyUnknown,

    /// <summary>More entries than the arena has room for.</summary>
    AboveCapacity,

    /// <summary>More entries than the buckets have places for.</summary>
    AbovePlaces,

    /// <summary>One resize at a time.</summary>
    ResizeRunning,

    /// <summary>The system gave no memory for the new buckets; nothing changed.</summary>
    OutOfMemory,

    /// <summary>Outside the bounds that the table has for this value.</summary>
    ValueInvalid,

    /// <summary>Possible, but not at this moment: the table is being brought up or down.</summary>
    NotNow,
}

/// <summary>A setting's old and new value, or why it stayed.</summary>
public readonly record struct SettingOutcome
{
    /// <summary>Says which of the other fields mean something.</summary>
    public SettingResult Kind { get; private init; }

    /// <summary>When done: the value until now; null where there was no limit.</summary>
    public long? Before { get; private init; }

    /// <summary>When done: the value from now on; null where there is no limit.</summary>
    public long? After { get; private init; }

    /// <summary>When refused: the nearest value that would have done, if the table can tell.</summary>
    public long? Bound { get; private init; }

    /// <summary>The setting changed, or had the value already.</summary>
    public static SettingOutcome Done(long? before, long? after) => new() { Before = before, After = after };

    /// <summary>Nothing changed.</summary>
    /// <param name="why">Not <see cref="SettingResult.Done"/>.</param>
    /// <param name="bound">The nearest value that would have done, or null.</param>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="SettingResult.Done"/> is no refusal.</exception>
    public static SettingOutcome Refused(SettingResult why, long? bound = null)
    {
        ArgumentOutOfRangeException.ThrowIfEqual((int)why, (int)SettingResult.Done, nameof(why));
        return new SettingOutcome { Kind = why, Bound = bound };
    }
}
