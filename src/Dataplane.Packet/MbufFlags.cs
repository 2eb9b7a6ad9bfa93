using System;

namespace Dataplane.Packet;

/// <summary>The bits of <c>rte_mbuf.ol_flags</c> that this router reads or sets (DPDK 22.11, rte_mbuf_core.h).</summary>
[Flags]
public enum MbufFlags : ulong
{
    None = 0,

    /// <summary>A VLAN tag was stripped into <see cref="Mbuf.VlanTci"/>: RTE_MBUF_F_RX_VLAN_STRIPPED.</summary>
    RxVlanStripped = 1ul << 6,

    /// <summary>The NIC found the L4 checksum wrong: RTE_MBUF_F_RX_L4_CKSUM_BAD.</summary>
    RxL4ChecksumBad = 1ul << 3,

    /// <summary>The NIC found the IPv4 header checksum wrong: RTE_MBUF_F_RX_IP_CKSUM_BAD.</summary>
    RxIpChecksumBad = 1ul << 4,

    /// <summary>The NIC verified the IPv4 header checksum: RTE_MBUF_F_RX_IP_CKSUM_GOOD.</summary>
    RxIpChecksumGood = 1ul << 7,

    /// <summary>The NIC verified the L4 checksum: RTE_MBUF_F_RX_L4_CKSUM_GOOD.</summary>
    RxL4ChecksumGood = 1ul << 8,

    /// <summary>
    /// What the NIC says of the IPv4 header checksum: good, bad, neither bit: unknown, both: not in the packet or not checked.
    /// </summary>
    RxIpChecksumMask = RxIpChecksumBad | RxIpChecksumGood,

    /// <summary>What the NIC says of the L4 checksum, in the same four ways.</summary>
    RxL4ChecksumMask = RxL4ChecksumBad | RxL4ChecksumGood,

    /// <summary>Both checksums were verified by the NIC.</summary>
    RxChecksumsGood = RxIpChecksumGood | RxL4ChecksumGood,
}
