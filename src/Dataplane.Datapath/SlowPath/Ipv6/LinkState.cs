using System.Runtime.InteropServices;

namespace Dataplane.Datapath.SlowPath.Ipv6;

/// <summary>Whether one of the router's IPv6 addresses is its own (RFC 4862 §5.4).</summary>
public enum OwnAddressState
{
    /// <summary>Being asked for: not answered for, not spoken from.</summary>
    Tentative = 0,

    /// <summary>Nobody objected.</summary>
    Valid = 1,

    /// <summary>Somebody else has it: as tentative, and asked for again after a while.</summary>
    Duplicate = 2,
}

/// <summary>Detection and announcement of one address; 24 bytes, in the order of the plan's addresses.</summary>
/// <remarks>
/// The state leaves Tentative by compare-and-swap, because the worker that hears an objection need not be the one that keeps
/// the timers, which is worker 0. The rest is worker 0's.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public struct OwnAddress
{
    /// <summary>An <see cref="OwnAddressState"/>.</summary>
    public int State;

    /// <summary>Probes sent since the address became tentative.</summary>
    public int Probes;

    /// <summary>Unsolicited advertisements still to be sent.</summary>
    public int AnnouncementsLeft;

    /// <summary>When the next step is due.</summary>
    public long DueNanoseconds;
}

/// <summary>Router advertisements of one port; 24 bytes, worker 0's but for the solicitation.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Advertiser
{
    /// <summary>Set by the worker that received a router solicitation, cleared by worker 0.</summary>
    public int IsSolicited;

    /// <summary>Advertisements sent with the short interval so far.</summary>
    public int Initial;

    /// <summary>When the next one is due.</summary>
    public long DueNanoseconds;

    /// <summary>When the last one was sent; 0 never.</summary>
    public long SentNanoseconds;
}

/// <summary>Multicast groups of one port; 32 bytes, worker 0's but for the question.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Listener
{
    /// <summary>Set by the worker that received a query, taken by worker 0: version in the upper half, response code; 0 none.</summary>
    public uint Asked;

    /// <summary>Unasked reports sent so far.</summary>
    public int Sent;

    /// <summary>When the next unasked one is due.</summary>
    public long DueNanoseconds;

    /// <summary>Version of the answer that is due; 0 none.</summary>
    public uint AnswerVersion;

    /// <summary>When it is due.</summary>
    public long AnswerNanoseconds;
}

/// <summary>What the router's IPv6 addresses and ports are about to say; shared by the workers.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct LinkState
{
    /// <summary>By the index of the address in the plan.</summary>
    public OwnAddress* Addresses;

    /// <summary>By port.</summary>
    public Advertiser* Ports;

    /// <summary>By port.</summary>
    public Listener* Listeners;
}
