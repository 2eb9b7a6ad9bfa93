using System.Runtime.InteropServices;

namespace Dataplane.Os;

/// <summary><c>struct pollfd</c>: 8 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PollEntry
{
    /// <summary>Data, a connection or the end of the stream can be read.</summary>
    public const short Readable = 0x1;

    /// <summary>Bytes can be written without waiting.</summary>
    public const short Writable = 0x4;

    /// <summary>Reported unasked: an error is pending.</summary>
    public const short Error = 0x8;

    /// <summary>Reported unasked: the peer is gone.</summary>
    public const short HungUp = 0x10;

    /// <summary>The descriptor to watch; a negative one is skipped.</summary>
    public int Descriptor;

    /// <summary>What to wait for.</summary>
    public short Wanted;

    /// <summary>What the kernel reported.</summary>
    public short Ready;
}
