namespace Dataplane.TestKit;

/// <summary>Constants of the classic capture format (draft-ietf-opsawg-pcap §4).</summary>
internal static class Pcap
{
    public const uint MagicMicroseconds = 0xA1B2C3D4;
    public const uint MagicNanoseconds = 0xA1B23C4D;
    public const uint LinkTypeEthernet = 1;

    /// <summary>The largest packet that is written or believed.</summary>
    public const int SnapLengthBytes = 262_144;
}
