using System.Runtime.InteropServices;

namespace Dataplane.Conntrack;

/// <summary>What a worker did to the table; the names are those of <c>conntrack -S</c> where it has one.</summary>
/// <remarks>Written by one worker with plain stores, summed by readers.</remarks>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct TableCounters
{
    /// <summary>Entries published.</summary>
    public ulong Insert;

    /// <summary>Entries removed for any reason.</summary>
    public ulong Delete;

    /// <summary>Of those, removed because their deadline passed.</summary>
    public ulong Expired;

    /// <summary>Of those, removed to make room.</summary>
    public ulong EarlyDrop;

    /// <summary>Connections refused because the table was at its limit.</summary>
    public ulong TableFull;

    /// <summary>Insertions refused, those that then succeeded with another reply tuple included.</summary>
    public ulong InsertFailed;

    /// <summary>Of those, for want of a free place.</summary>
    public ulong ChainTooLong;

    /// <summary>First packets whose connection another worker had inserted meanwhile.</summary>
    public ulong ClashResolve;

    /// <summary>Side records that could not be had.</summary>
    public ulong SideFull;

    /// <summary>Lookups that were repeated because the table was resized under them.</summary>
    public ulong SearchRestart;

    /// <summary>Adds another worker's.</summary>
    public void Add(TableCounters* part)
    {
        fixed (TableCounters* self = &this)
        {
            for (int field = 0; field < sizeof(TableCounters) / sizeof(ulong); field++)
            {
                ((ulong*)self)[field] += ((ulong*)part)[field];
            }
        }
    }
}
