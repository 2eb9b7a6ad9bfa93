using System.Runtime.InteropServices;

namespace Dataplane.Oracle.Tests.Kernel;

/// <summary>The C library functions of the kernel side, with blittable arguments; constants are Linux's.</summary>
internal static unsafe partial class Libc
{
    internal const int FamilyPacket = 17;
    internal const int FamilyNetlink = 16;
    internal const int SocketRaw = 3;
    internal const int SocketCloseOnExec = 0x80000;
    internal const int SolSocket = 1;
    internal const int SolPacket = 263;
    internal const int SoReceiveBufferForce = 33;
    internal const int PacketIgnoreOutgoing = 23;
    internal const int NetlinkNetfilter = 12;
    internal const int MessageDontWait = 0x40;
    internal const short PollIn = 1;

    internal const int ErrnoInterrupted = 4;
    internal const int ErrnoAgain = 11;

    private const string Library = "libc";

    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    internal static partial int Close(int fd);

    [LibraryImport(Library, EntryPoint = "if_nametoindex", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial uint InterfaceIndex(string name);

    [LibraryImport(Library, EntryPoint = "socket", SetLastError = true)]
    internal static partial int Socket(int family, int type, int protocol);

    [LibraryImport(Library, EntryPoint = "bind", SetLastError = true)]
    internal static partial int Bind(int fd, void* address, uint addressBytes);

    [LibraryImport(Library, EntryPoint = "setsockopt", SetLastError = true)]
    internal static partial int SetOption(int fd, int level, int option, void* value, uint valueBytes);

    [LibraryImport(Library, EntryPoint = "send", SetLastError = true)]
    internal static partial nint Send(int fd, byte* buffer, nuint lengthBytes, int flags);

    [LibraryImport(Library, EntryPoint = "recv", SetLastError = true)]
    internal static partial nint Receive(int fd, byte* buffer, nuint lengthBytes, int flags);

    [LibraryImport(Library, EntryPoint = "poll", SetLastError = true)]
    internal static partial int Poll(PollItem* items, nuint count, int timeoutMs);

    /// <summary><c>struct pollfd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PollItem
    {
        internal int Descriptor;
        internal short Events;
        internal short Returned;
    }

    /// <summary><c>struct sockaddr_ll</c>, 20 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct LinkAddress
    {
        internal ushort Family;
        internal ushort ProtocolBigEndian;
        internal int InterfaceIndex;
        internal ushort HardwareType;
        internal byte PacketType;
        internal byte AddressBytes;
        internal ulong Address;
    }
}
