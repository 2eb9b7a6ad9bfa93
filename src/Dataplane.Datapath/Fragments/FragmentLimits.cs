using System;

namespace Dataplane.Datapath.Fragments;

/// <summary>What fragments may cost; counts are for each address family unless said otherwise.</summary>
/// <remarks>
/// All but <see cref="Datagrams"/> and <see cref="Held"/> may be changed while workers run. Values outside a stated range are
/// taken for its nearest end: the table's arrays bound them, whatever a configuration says.
/// </remarks>
public readonly record struct FragmentLimits
{
    /// <summary>Fragments of one datagram at most: room for 64 KiB in pieces of 1 KiB.</summary>
    public const int PerDatagramMax = 64;

    /// <summary>Datagrams of one source at most.</summary>
    public const int PerSourceMax = 64;

    public FragmentLimits()
    {
    }

    /// <summary>Incomplete datagrams at most, rounded up to a power of two; 8 to 2^20. Fixed at start.</summary>
    public int Datagrams { get; init; } = 4096;

    /// <summary>Fragments of one datagram, 2 to <see cref="PerDatagramMax"/>; one more ends the datagram.</summary>
    public int PerDatagram { get; init; } = PerDatagramMax;

    /// <summary>
    /// Incomplete datagrams of one source, an IPv4 address or an IPv6 /64, 1 to <see cref="PerSourceMax"/>; one more ends the oldest.
    /// </summary>
    public int PerSource { get; init; } = PerSourceMax;

    /// <summary>
    /// Fragments of both families that wait for their first, at most: so many packet buffers, 0 to 2^20. One more ends the
    /// datagram that has waited longest. Fixed at start.
    /// </summary>
    public int Held { get; init; } = 2048;

    /// <summary>The same for one source: an eighth, so that no few sources have it all.</summary>
    public int HeldPerSource { get; init; } = 256;

    /// <summary>Bytes of data in a fragment that is not the last; 8 is what both families allow, and so no limit (RFC 791 §3.2,
    /// RFC 8200 §4.5).</summary>
    public int LengthBytesMin { get; init; } = 8;

    /// <summary>From a datagram's first fragment to arrive, nanoseconds.</summary>
    /// <remarks>
    /// 15 s is RFC 791's own recommendation (§3.2). RFC 8200 §4.5 has 60 s and RFC 1122 §3.3.2 60 to 120 s for the host that
    /// reassembles and cannot do without the data; here only reordering is bridged, which takes milliseconds, and the
    /// shorter time frees buffers, and 16-bit identifications for their next use (RFC 6864 §4.3), earlier.
    /// </remarks>
    public long TimeoutNanoseconds { get; init; } = 15_000_000_000;

    /// <summary>The same limits with every value in its range.</summary>
    internal FragmentLimits Bounded => this with
    {
        Datagrams = Math.Clamp(Datagrams, FragmentSet.Ways, 1 << 20),
        PerDatagram = Math.Clamp(PerDatagram, 2, PerDatagramMax),
        PerSource = Math.Clamp(PerSource, 1, PerSourceMax),
        Held = Math.Clamp(Held, 0, 1 << 20),
        HeldPerSource = Math.Max(HeldPerSource, 0),
        TimeoutNanoseconds = Math.Max(TimeoutNanoseconds, 1),
    };
}
