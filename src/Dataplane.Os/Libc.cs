using System.Runtime.InteropServices;

namespace Dataplane.Os;

/// <summary>The C library functions this assembly uses, with blittable arguments only.</summary>
/// <remarks>
/// Constants are those of Linux on x86-64 and arm64, where they agree. Wrappers with checked arguments and
/// clear errors are the public surface; nothing outside the assembly calls these.
/// </remarks>
internal static unsafe partial class Libc
{
    private const string Library = "libc";

    internal const int ProtRead = 1;
    internal const int ProtWrite = 2;

    internal const int MapShared = 0x01;
    internal const int MapPrivate = 0x02;
    internal const int MapAnonymous = 0x20;
    internal const int MapHugeTlb = 0x40000;
    internal const int MapHuge2MiB = 21 << 26;

    internal const int MadviseHugePage = 14;
    internal const int MadvisePopulateWrite = 23;

    internal const int OpenReadWrite = 2;
    internal const int OpenCreate = 0x40;
    internal const int OpenCloseOnExec = 0x80000;

    internal const int LockExclusive = 2;
    internal const int LockNonBlocking = 4;

    internal const int AddressFamilyUnix = 1;
    internal const int SocketStream = 1;
    internal const int SocketNonBlocking = 0x800;
    internal const int SocketCloseOnExec = 0x80000;
    internal const int SolSocket = 1;
    internal const int SoPeerCredentials = 17;
    internal const int MessageDontWait = 0x40;
    internal const int MessageNoSignal = 0x4000;

    internal const int EventFdNonBlocking = 0x800;
    internal const int EventFdCloseOnExec = 0x80000;

    [LibraryImport(Library, EntryPoint = "mmap", SetLastError = true)]
    internal static partial void* MMap(void* address, nuint length, int protection, int flags, int fd, long offset);

    [LibraryImport(Library, EntryPoint = "munmap", SetLastError = true)]
    internal static partial int MUnmap(void* address, nuint length);

    [LibraryImport(Library, EntryPoint = "madvise", SetLastError = true)]
    internal static partial int MAdvise(void* address, nuint length, int advice);

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true)]
    internal static partial int Open(byte* path, int flags, uint mode);

    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    internal static partial int Close(int fd);

    [LibraryImport(Library, EntryPoint = "lseek", SetLastError = true)]
    internal static partial long Seek(int fd, long offset, int whence);

    [LibraryImport(Library, EntryPoint = "posix_fallocate")]
    internal static partial int Allocate(int fd, long offset, long length);

    [LibraryImport(Library, EntryPoint = "ftruncate", SetLastError = true)]
    internal static partial int Truncate(int fd, long length);

    [LibraryImport(Library, EntryPoint = "pread", SetLastError = true)]
    internal static partial nint ReadAt(int fd, byte* buffer, nuint length, long offset);

    [LibraryImport(Library, EntryPoint = "pwrite", SetLastError = true)]
    internal static partial nint WriteAt(int fd, byte* buffer, nuint length, long offset);

    [LibraryImport(Library, EntryPoint = "flock", SetLastError = true)]
    internal static partial int Lock(int fd, int operation);

    [LibraryImport(Library, EntryPoint = "unlink", SetLastError = true)]
    internal static partial int Unlink(byte* path);

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true)]
    internal static partial int Status(int directory, byte* path, int flags, uint mask, FileStatus* status);

    [LibraryImport(Library, EntryPoint = "fchmod", SetLastError = true)]
    internal static partial int ChangeMode(int fd, uint mode);

    [LibraryImport(Library, EntryPoint = "lchown", SetLastError = true)]
    internal static partial int ChangeOwner(byte* path, uint user, uint group);

    [LibraryImport(Library, EntryPoint = "getgrnam", SetLastError = true)]
    internal static partial GroupRecord* FindGroup(byte* name);

    [LibraryImport(Library, EntryPoint = "sched_getaffinity", SetLastError = true)]
    internal static partial int GetAffinity(int pid, nuint lengthBytes, ulong* mask);

    [LibraryImport(Library, EntryPoint = "sched_setaffinity", SetLastError = true)]
    internal static partial int SetAffinity(int pid, nuint lengthBytes, ulong* mask);

    [LibraryImport(Library, EntryPoint = "getrandom", SetLastError = true)]
    internal static partial nint GetRandom(byte* buffer, nuint length, uint flags);

    [LibraryImport(Library, EntryPoint = "eventfd", SetLastError = true)]
    internal static partial int EventFd(uint initial, int flags);

    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)]
    internal static partial nint Read(int fd, void* buffer, nuint length);

    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
    internal static partial nint Write(int fd, void* buffer, nuint length);

    [LibraryImport(Library, EntryPoint = "socket", SetLastError = true)]
    internal static partial int Socket(int family, int type, int protocol);

    [LibraryImport(Library, EntryPoint = "bind", SetLastError = true)]
    internal static partial int Bind(int fd, void* address, uint addressLength);

    [LibraryImport(Library, EntryPoint = "listen", SetLastError = true)]
    internal static partial int Listen(int fd, int backlog);

    [LibraryImport(Library, EntryPoint = "connect", SetLastError = true)]
    internal static partial int Connect(int fd, void* address, uint addressLength);

    [LibraryImport(Library, EntryPoint = "accept4", SetLastError = true)]
    internal static partial int Accept(int fd, void* address, uint* addressLength, int flags);

    [LibraryImport(Library, EntryPoint = "getsockopt", SetLastError = true)]
    internal static partial int GetSocketOption(int fd, int level, int option, void* value, uint* length);

    [LibraryImport(Library, EntryPoint = "recv", SetLastError = true)]
    internal static partial nint Receive(int fd, byte* buffer, nuint length, int flags);

    [LibraryImport(Library, EntryPoint = "send", SetLastError = true)]
    internal static partial nint Send(int fd, byte* buffer, nuint length, int flags);

    [LibraryImport(Library, EntryPoint = "shutdown", SetLastError = true)]
    internal static partial int Shutdown(int fd, int how);

    [LibraryImport(Library, EntryPoint = "poll", SetLastError = true)]
    internal static partial int Poll(PollEntry* entries, nuint count, int timeoutMs);

    /// <summary><c>struct group</c> of glibc up to the field that is used.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct GroupRecord
    {
        internal byte* Name;
        internal byte* Password;
        internal uint GroupId;
    }
}
