using System.Runtime.InteropServices;

namespace Dataplane.Packet;

/// <summary>A multicast listener query, or a report of version 1 (RFC 2710 §3, RFC 3810 §5.1); 24 bytes, no alignment.</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes, Pack = 1)]
public struct MulticastQuery
{
    /// <summary>All of version 1; version 2 has at least four bytes more.</summary>
    public const int SizeBytes = 24;

    [FieldOffset(0)] public byte Type;
    [FieldOffset(1)] public byte Code;
    [FieldOffset(2)] public Be16 Checksum;

    /// <summary>Version 1: milliseconds; version 2: those up to 32,767, beyond a floating-point number (RFC 3810 §5.1.3).</summary>
    [FieldOffset(4)] public Be16 ResponseCode;
    [FieldOffset(6)] public Be16 Reserved;

    /// <summary>:: asks for all groups.</summary>
    [FieldOffset(8)] public Ipv6Address Group;
}

/// <summary>The beginning of a report of version 2 (RFC 3810 §5.2); 8 bytes, no alignment. Records follow.</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes, Pack = 1)]
public struct MulticastReportHeader
{
    public const int SizeBytes = 8;

    [FieldOffset(0)] public byte Type;
    [FieldOffset(1)] public byte Code;
    [FieldOffset(2)] public Be16 Checksum;
    [FieldOffset(4)] public Be16 Reserved;
    [FieldOffset(6)] public Be16 Records;
}

/// <summary>A group of a report of version 2, without sources (RFC 3810 §5.2.4); 20 bytes, no alignment.</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes, Pack = 1)]
public struct MulticastRecord
{
    public const int SizeBytes = 20;

    [FieldOffset(0)] public byte Type;
    [FieldOffset(1)] public byte AuxiliaryWords;
    [FieldOffset(2)] public Be16 Sources;
    [FieldOffset(4)] public Ipv6Address Group;
}
