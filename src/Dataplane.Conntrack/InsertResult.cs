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

    /// <summary>An expired entry stayed in the way for the bounded number of attempts: another worker is removing it, or this one
    /// has too many entries waiting for their grace period to remove it itself.</summary>
    Busy,
}
