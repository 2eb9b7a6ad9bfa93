namespace Dataplane.Conntrack.Interleaving.Tests;

/// <summary>What a worker does to the table.</summary>
internal enum OperationKind : byte
{
    /// <summary>Looks a tuple up, and looks at what it found once more: it must still be that connection.</summary>
    Find,

    /// <summary>The same as a burst does it: tries the first place that fits in the present view, and searches only if that is not it.</summary>
    FindInBurst,

    /// <summary>Builds and inserts a connection; gives the entry back if it is refused.</summary>
    Insert,

    /// <summary>Looks a tuple up and removes what it found.</summary>
    Remove,

    /// <summary>Removes a connection that was there at the start, unless it is assured.</summary>
    Evict,

    /// <summary>Removes a connection that was there at the start, if its deadline has passed.</summary>
    Expire,

    /// <summary>Looks a tuple up, moves its deadline and makes it assured.</summary>
    Refresh,

    /// <summary>Copies the entry of a connection that was there at the start, as a listing does.</summary>
    Dump,

    /// <summary>The opener's FIN, by the original tuple: judged, taken into the state and counted under the connection's lock.</summary>
    Fin,

    /// <summary>The peer's reset with the exact number, by the reply tuple; the same way.</summary>
    Reset,

    /// <summary>The opener's SYN, by the original tuple; the same way, but that it removes a connection that has been reset.</summary>
    Reopen,

    /// <summary>Looks a tuple up and gives what it found a label, which names the connection.</summary>
    Label,

    /// <summary>Copies the entry of a connection that was there at the start, and its label, as a listing does.</summary>
    DumpLabel,

    /// <summary>Begins to resize to the spare array.</summary>
    Begin,

    /// <summary>Moves a few buckets.</summary>
    Move,

    /// <summary>A quiescent point; takes back what is free.</summary>
    Poll,

    /// <summary>The worker goes offline: nobody waits for it.</summary>
    Sleep,

    /// <summary>The worker comes back.</summary>
    Wake,

    /// <summary>Gives the emptied array back if nobody can look into it any more, as its owner does, and fills it with a trap.</summary>
    Free,

    /// <summary>Begins to resize back to the first array if nobody can look into it any more.</summary>
    Again,
}

/// <summary>One operation of a scenario.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Subject">Number of a tuple (<see cref="OperationKind.Find"/>, <see cref="OperationKind.FindInBurst"/>, <see cref="OperationKind.Remove"/>,
/// <see cref="OperationKind.Refresh"/>, <see cref="OperationKind.Fin"/>, <see cref="OperationKind.Reset"/>, <see cref="OperationKind.Reopen"/>,
/// <see cref="OperationKind.Label"/>, <see cref="OperationKind.Free"/>) or of a connection.</param>
internal readonly record struct Operation(OperationKind Kind, byte Subject)
{
    /// <summary>Operations of one worker at most.</summary>
    public const int PerWorkerMax = 6;

    public override string ToString() => Kind < OperationKind.Begin ? $"{Kind} {Subject}" : $"{Kind}";
}

/// <summary>How an operation ended; four bits.</summary>
internal enum Ending : byte
{
    /// <summary>Nothing found, nothing done.</summary>
    None,

    FoundOriginal,
    FoundReply,
    Inserted,
    OriginalExists,
    ReplyExists,
    ChainTooLong,
    Busy,

    /// <summary>Removed, evicted, refreshed, labelled or copied.</summary>
    Done,

    /// <summary>Another worker was faster.</summary>
    Lost,

    /// <summary>Assured, or not expired: not to be removed. Labelled already.</summary>
    Spared,

    /// <summary>What was found is of another connection, or became so in the hand.</summary>
    Torn,

    /// <summary>A segment went through and was counted.</summary>
    Forwarded,

    /// <summary>A segment was refused.</summary>
    Refused,

    /// <summary>Copied without a label.</summary>
    Unlabelled,
}

/// <summary>What an operation returned: its ending, and the connection that it names.</summary>
/// <param name="Ending">How.</param>
/// <param name="Connection">Which; 0 for none.</param>
internal readonly record struct Answer(Ending Ending, byte Connection)
{
    public byte Packed => (byte)((int)Ending << 4 | Connection);

    public static Answer Unpack(byte packed) => new((Ending)(packed >> 4), (byte)(packed & 15));

    public override string ToString() => Connection == 0 ? $"{Ending}" : $"{Ending} {Connection}";
}
