using System.Globalization;
using System.Runtime.InteropServices;

namespace Dataplane.Nat;

/// <summary>128 bits that rules set on a connection and ask for; 16 bytes, immutable.</summary>
/// <param name="Low">Bits 0 to 63.</param>
/// <param name="High">Bits 64 to 127.</param>
[StructLayout(LayoutKind.Sequential, Size = SizeBytes)]
public readonly record struct ConnectionLabel(ulong Low, ulong High)
{
    public const int SizeBytes = 16;

    /// <summary>The number of bits.</summary>
    public const int Bits = 128;

    /// <summary>A label may be all zeros: then the connection has none.</summary>
    public bool IsEmpty => (Low | High) == 0;

    /// <summary>The label of one bit.</summary>
    /// <param name="bit">0 to 127: of a larger number only the low seven bits count.</param>
    public static ConnectionLabel Bit(int bit) =>
        (bit & 64) == 0 ? new ConnectionLabel(1UL << bit, 0) : new ConnectionLabel(0, 1UL << bit);

    /// <summary>Whether every bit of the other is set in this one; every label contains the empty one.</summary>
    public bool Contains(ConnectionLabel other) => (other.Low & ~Low | other.High & ~High) == 0;

    /// <summary>32 hexadecimal digits, bit 127 first.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{High:x16}{Low:x16}");

    /// <summary>The bits of both.</summary>
    public static ConnectionLabel operator |(ConnectionLabel left, ConnectionLabel right) =>
        new(left.Low | right.Low, left.High | right.High);
}
