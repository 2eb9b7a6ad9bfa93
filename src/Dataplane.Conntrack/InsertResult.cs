namespace Dataplane.Conntrack;

/// <summary>How an insertion ended.</summary>
public enum InsertResult : byte
{
    Inserted,

    /// <summary>The original tuple is in the table already: the caller adopts that entry.</summary>
    OriginalExists,

    /// <summary>Only the reply tuple is taken: the caller chooses another port and tries again.</summary>
    ReplyExists,

    /// <summary>No free place among the buckets that a tuple may use.</summary>
    ChainTooLong,

    /// <summary>An entry that is being removed stayed in the way for the bounded number of attempts.</summary>
    Busy,
}
