using System.Runtime.InteropServices;

namespace Dataplane.Os;

/// <summary><c>struct statx</c>, which has one layout on every architecture; 256 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct FileStatus
{
    internal const int CurrentDirectory = -100;
    internal const int NoFollow = 0x100;
    internal const uint AskType = 1;

    internal const ushort TypeMask = 0xF000;
    internal const ushort TypeSocket = 0xC000;

    /// <summary>Type and permission bits.</summary>
    [FieldOffset(28)] internal ushort Mode;
}
