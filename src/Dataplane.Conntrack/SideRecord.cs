using System.Runtime.InteropServices;

namespace Dataplane.Conntrack;

/// <summary>What a side record holds.</summary>
public enum SideKind : ushort
{
    None = 0,

    /// <summary>State of an application helper.</summary>
    Helper = 1,

    /// <summary>Sequence numbers moved by a payload that changed its length.</summary>
    SequenceAdjustment = 2,

    /// <summary>A 128-bit label.</summary>
    Label = 3,

    /// <summary>A question to the connection's ends whether it still lives.</summary>
    Probe = 4,
}

/// <summary>State that few connections have; 64 bytes, taken when it is needed and freed with its entry.</summary>
/// <remarks>
/// An entry names its first record by index and each record the next; a connection has at most one of a kind. The contents are filled
/// before the record is attached; who changes them later does so under the rules of their kind.
/// <code>
/// offset size field
///      0    4 Next    index of the connection's next record, 0 none
///      4    2 Kind
///      6    2 zero
///      8   56 Data
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public unsafe struct SideRecord
{
    public const int SizeBytes = 64;
    public const int DataBytes = 56;

    [FieldOffset(0)] public uint Next;
    [FieldOffset(4)] public SideKind Kind;
    [FieldOffset(8)] public fixed byte Data[DataBytes];
}
