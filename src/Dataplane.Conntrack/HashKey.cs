using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Dataplane.Conntrack;

/// <summary>The secret of <see cref="TupleHash"/>: fifteen round keys, 240 bytes, drawn at each start.</summary>
/// <remarks>Read-only after start; shared by all workers. It is never logged, dumped or sent.</remarks>
[StructLayout(LayoutKind.Sequential, Size = SizeBytes)]
public unsafe struct HashKey
{
    public const int RoundKeys = 15;
    public const int SizeBytes = RoundKeys * 16;

    public fixed byte Bytes[SizeBytes];

    /// <summary>Fills the key from the system's generator.</summary>
    public static void FillRandom(HashKey* key) => RandomNumberGenerator.Fill(new System.Span<byte>(key, SizeBytes));
}
