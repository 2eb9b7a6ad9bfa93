using System.Runtime.InteropServices;

namespace Dataplane.Packet;

/// <summary>
/// What follows a tag's EtherType: its control field and the next EtherType (IEEE 802.1Q §9.6); 4 bytes, no alignment.
/// </summary>
/// <remarks>
/// <code>
/// offset size field
///      0    2 Control           3 bits priority, 1 bit drop eligible, 12 bits VLAN id
///      2    2 EtherType         of what follows
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes, Pack = 1)]
public struct VlanTag
{
    public const int SizeBytes = 4;

    /// <summary>The id's bits in <see cref="Control"/>, host order.</summary>
    public const ushort IdMask = 0x0FFF;

    [FieldOffset(0)] public Be16 Control;
    [FieldOffset(2)] public Be16 EtherType;

    /// <summary>The VLAN id, 0–4095; 0 means a tag that carries a priority only.</summary>
    public readonly ushort Id => (ushort)(Control.Host & IdMask);
}
