using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dataplane.Conntrack;

/// <summary>How long an entry lives after a packet, by timeout policy and state; seconds.</summary>
/// <remarks>
/// Read by every worker for every packet, written only before workers start or for a new plan. Policy 0 is the configured
/// default. 8 policies x 32 states x 4 bytes = 1 KiB.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Size = SizeBytes)]
public unsafe struct TimeoutTable
{
    public const int Policies = 8;
    public const int States = 32;
    public const int SizeBytes = Policies * States * sizeof(uint);

    private fixed uint _seconds[Policies * States];

    /// <summary>Seconds from now to the deadline.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly uint Seconds(byte policy, ConnectionState state) => _seconds[(policy & (Policies - 1)) * States + (int)state];

    /// <exception cref="ArgumentOutOfRangeException">A policy beyond the table or a timeout below a second.</exception>
    public void Set(byte policy, ConnectionState state, uint seconds)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(policy, Policies);
        ArgumentOutOfRangeException.ThrowIfLessThan(seconds, 1u);
        _seconds[policy * States + (int)state] = seconds;
    }

    /// <summary>Sets policy 0 to values that meet the RFCs' floors.</summary>
    /// <remarks>
    /// TCP established 2 h 4 min and transitory 4 min (RFC 5382 REQ-5); UDP 5 min, 2 min before the first answer
    /// (RFC 4787 REQ-5); ICMP queries 60 s (RFC 5508 REQ-2).
    /// </remarks>
    public void SetDefaults()
    {
        for (int state = 0; state < States; state++)
        {
            _seconds[state] = 240;
        }

        Set(0, ConnectionState.TcpEstablished, 7440);
        Set(0, ConnectionState.UdpUnreplied, 120);
        Set(0, ConnectionState.UdpReplied, 120);
        Set(0, ConnectionState.UdpStream, 300);
        Set(0, ConnectionState.IcmpUnreplied, 60);
        Set(0, ConnectionState.IcmpReplied, 60);
    }
}
