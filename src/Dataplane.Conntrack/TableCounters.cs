using System.Runtime.InteropServices;

namespace Dataplane.Conntrack;

/// <summary>What a worker did to the table; the names are those of <c>conntrack -S</c> where it has one.</summary>
/// <remarks>Written by one worker with plain stores, summed by readers.</remarks>
[StructLayout(LayoutKind.Sequential)]
public struct TableCounters
{
    /// <summary>Entries published.</summary>
    public ulong Insert;

    /// <summary>Entries removed for any reason.</summary>
    public ulong Delete;

    /// <summary>Of those, removed because their deadline passed.</summary>
    public ulong Expired;

    /// <summary>Insertions refused.</summary>
    public ulong InsertFailed;

    /// <summary>Of those, for want of a free place.</summary>
    public ulong ChainTooLong;

    /// <summary>First packets whose connection another worker had inserted meanwhile.</summary>
    public ulong ClashResolve;

    /// <summary>Lookups that were repeated because a bucket changed under them.</summary>
    public ulong SearchRestart;
}
