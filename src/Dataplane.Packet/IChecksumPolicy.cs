namespace Dataplane.Packet;

/// <summary>Whether the parser verifies L4 checksums; a struct argument, so that each choice is compiled apart.</summary>
public interface IChecksumPolicy
{
    /// <summary>
    /// True: TCP, UDP, ICMP and ICMPv6 messages that the NIC did not find good are summed up, those that it found bad
    /// are dropped. False: neither; incremental updates then carry a wrong checksum on to the receiver as wrong.
    /// </summary>
    static abstract bool VerifiesL4 { get; }
}

/// <summary>L4 checksums are verified: the default.</summary>
public readonly struct VerifyL4Checksums : IChecksumPolicy
{
    public static bool VerifiesL4 => true;
}

/// <summary>L4 checksums are left to the receiver, as with <c>Conntrack:Checksum</c> false.</summary>
public readonly struct TrustL4Checksums : IChecksumPolicy
{
    public static bool VerifiesL4 => false;
}
