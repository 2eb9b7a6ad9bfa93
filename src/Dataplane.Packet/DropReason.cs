namespace Dataplane.Packet;

/// <summary>Why a packet was dropped: a closed set, one value for each dropped packet.</summary>
/// <remarks>
/// A member is at once the counter's index, the metric's label (<see cref="DropReasons.Label"/>) and a row of the
/// table in ARCHITECTURE.md. It lives in the lowest assembly so that every layer names its drop without
/// a translation step.
/// </remarks>
public enum DropReason : byte
{
    /// <summary>Not dropped.</summary>
    None = 0,

    // Link layer
    FrameTruncated,
    FrameChained,
    NotForThisRouter,
    VlanTruncated,
    VlanTooManyTags,
    VlanNotConfigured,
    EtherTypeUnsupported,
    ArpTruncated,
    ArpInvalid,

    // IPv4
    Ipv4Truncated,
    Ipv4VersionBad,
    Ipv4HeaderLengthBad,
    Ipv4TotalLengthBad,
    Ipv4ChecksumBad,
    Ipv4OptionBad,
    Ipv4SourceRoute,
    Ipv4SourceInvalid,
    Ipv4DestinationInvalid,

    // IPv6
    Ipv6Truncated,
    Ipv6VersionBad,
    Ipv6PayloadLengthBad,
    Ipv6ExtensionTruncated,
    Ipv6ExtensionTooMany,
    Ipv6SourceRoute,
    Ipv6SourceInvalid,
    Ipv6DestinationInvalid,
    Ipv6NeighbourInvalid,
    Ipv6NotEnabled,

    // Fragments, each by itself
    FragmentLengthBad,
    FragmentOversize,
    FragmentTooSmall,
    FragmentIcmpError,

    // Transport
    TcpTruncated,
    TcpOffsetBad,
    TcpFlagsBad,
    UdpTruncated,
    UdpLengthBad,
    IcmpTruncated,
    IcmpTypeUnsupported,
    L4ChecksumBad,
    ProtocolUnsupported,
    UdpLiteCoverageBad,
    SctpTruncated,
    DccpTruncated,
    DccpHeaderBad,
    GreTruncated,

    // Connection tracking
    TcpNotSyn,
    TcpStateInvalid,
    TcpAckMissing,
    TcpSequenceBelowWindow,
    TcpSequenceAboveWindow,
    TcpAckBelowWindow,
    TcpAckAboveWindow,
    TcpResetOutsideWindow,
    TcpResetUnacknowledging,
    SctpChunkBad,
    SctpNotInit,
    SctpTagBad,
    SctpStateInvalid,
    DccpNotRequest,
    DccpStateInvalid,
    IcmpReplyUnsolicited,
    IcmpErrorInnerInvalid,
    IcmpErrorUnrelated,
    TableFull,
    ZoneFull,
    SideRecordsFull,
    ChainTooLong,
    ClashUnresolved,

    // Fragments as parts of a datagram
    FragmentDuplicate,
    FragmentOverlap,
    FragmentTooMany,
    FragmentSourceLimit,
    FragmentTableFull,
    FragmentTimeout,
    FragmentFirstRefused,

    // Policy and translation
    FilterDropped,
    FilterRejected,
    NatPortsExhausted,
    NatNoAddress,
    SctpFragmentTranslated,

    // Forwarding
    NoRoute,
    TtlExceeded,
    MtuExceeded,
    NeighbourUnresolved,
    NeighbourQueueFull,
    NeighbourTableFull,

    // Traffic to the router itself
    LocalUnsupported,
    Ipv6AddressDuplicate,

    // Transmit
    TransmitRefused,
    HandoverFull,
    PortDown,
}
