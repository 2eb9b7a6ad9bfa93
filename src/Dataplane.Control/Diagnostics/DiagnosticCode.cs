namespace Dataplane.Control.Diagnostics;

/// <summary>Every complaint that configuration checking can make. <see cref="DiagnosticCodes"/> explains each.</summary>
/// <remarks>
/// 0xxx the file, 10xx keys, 11xx single values, 12xx references, 13xx contradictions, 2xxx warnings.
/// Numbers are printed, scripted against and never reused.
/// </remarks>
public enum DiagnosticCode
{
    FileMissing = 1,
    FileUnreadable = 2,
    FileTooLarge = 3,
    FileEmpty = 4,
    EncodingInvalid = 5,
    SyntaxError = 6,
    KeyDuplicate = 7,

    KeyUnknown = 1001,
    KeyUnsupported = 1002,
    KeyMissing = 1003,
    TypeWrong = 1004,
    OverrideMalformed = 1005,

    NumberInvalid = 1101,
    BooleanInvalid = 1102,
    ChoiceInvalid = 1103,
    DurationInvalid = 1104,
    SizeInvalid = 1105,
    AddressInvalid = 1106,
    PrefixInvalid = 1107,
    AddressRangeInvalid = 1108,
    PortRangeInvalid = 1109,
    CoresInvalid = 1110,
    NameInvalid = 1111,
    MacInvalid = 1112,
    DeviceInvalid = 1113,
    TargetInvalid = 1114,
    RuleNumberInvalid = 1115,
    PathInvalid = 1116,
    ProtocolInvalid = 1117,
    MarkInvalid = 1118,
    LabelInvalid = 1119,

    PortUnknown = 1201,
    PoolUnknown = 1202,
    ZoneUnknown = 1203,
    GatewayUnreachable = 1204,
    PortWithoutAddress = 1205,
    TimeoutPolicyUnknown = 1206,

    AddressConflict = 1301,
    DeviceConflict = 1302,
    RuleNumberConflict = 1303,
    MatchNotPossible = 1304,
    ZoneConflict = 1305,
    RangeSizeConflict = 1306,
    RouteConflict = 1307,
    LimitExceeded = 1308,
    CapacityBelowLimit = 1309,
    FamilyConflict = 1310,
    MtuBelowIpv6 = 1311,

    FilterMissing = 2001,
    TimeoutBelowFloor = 2002,
    PoolOverlapsPort = 2003,
    RuleShadowed = 2004,
    ForwardingUntranslated = 2005,
    CoresIdle = 2006,
    ZoneLimitIdle = 2007,
}
