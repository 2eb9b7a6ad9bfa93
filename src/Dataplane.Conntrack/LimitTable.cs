using System.Runtime.InteropServices;

namespace Dataplane.Conntrack;

/// <summary>How many connections the table and each zone may have; shared by all workers.</summary>
/// <remarks>
/// A connection takes a credit of the table and one of its original tuple's zone, so that a zone's limit, whatever it is set to, never
/// lets it pass the table's. Zones that are configured have a limit of their own, numbered from 1; all others share number 0, which is
/// unlimited. The numbers are given at start and stay, so that credits always return to where they were drawn.
/// <code>
/// offset size     field
///      0   64     Global         written by drawing workers, atomic
///     64    8     Zones          CreditPool[ZoneCount], a line each, likewise
///     72    8     Numbers        ushort[65536], by zone; read-only after start
///     80    4     ZoneCount
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public unsafe struct LimitTable
{
    public const int SizeBytes = 128;

    /// <summary>Zones with a limit of their own, the shared one included.</summary>
    public const int ZonesMax = 4096;

    [FieldOffset(0)] public CreditPool Global;
    [FieldOffset(64)] public CreditPool* Zones;
    [FieldOffset(72)] public ushort* Numbers;
    [FieldOffset(80)] public int ZoneCount;
}

/// <summary>A worker's part of a zone's limit; 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ZoneShare
{
    /// <summary>Connections refused because the zone is at its limit; read by other threads.</summary>
    public ulong Refused;

    /// <summary>Credits at hand.</summary>
    public int Credits;
}

/// <summary>A zone that has a limit of its own.</summary>
/// <param name="Zone">As in tuples.</param>
/// <param name="EntriesMax">Connections at most; null for as many as the table takes.</param>
public readonly record struct ZoneLimit(ushort Zone, long? EntriesMax);
