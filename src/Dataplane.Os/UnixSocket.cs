using System;
using System.Runtime.InteropServices;
using System.Text;

namespace Dataplane.Os;

/// <summary>Stream sockets in the file system (unix(7)), on bare descriptors.</summary>
/// <remarks>
/// What happens at start throws <see cref="OsException"/>. What happens per request returns a byte count, a
/// descriptor or a negative error number, allocates nothing and never waits.
/// </remarks>
public static unsafe class UnixSocket
{
    /// <summary>The longest path in bytes: <c>sun_path</c> with its terminator.</summary>
    public const int PathBytesMax = 107;

    /// <summary>Binds and listens, without waiting on accept.</summary>
    /// <param name="path">Must not exist; at most <see cref="PathBytesMax"/> bytes.</param>
    /// <param name="mode">Permission bits of the socket file. Set before it appears: there is no open moment.</param>
    /// <param name="backlog">Connections that may wait to be accepted.</param>
    /// <exception cref="OsException"><see cref="Errno.AddressInUse"/> if the path exists.</exception>
    public static int Listen(string path, uint mode, int backlog)
    {
        int fd = Open();

        // The file takes the socket's own mode at bind, less the umask, which would only make it stricter.
        if (Libc.ChangeMode(fd, mode) != 0 || Apply(fd, path, bind: true) != 0 || Libc.Listen(fd, backlog) != 0)
        {
            OsException error = OsException.Last($"listen on '{path}'");
            _ = Libc.Close(fd);
            throw error;
        }

        return fd;
    }

    /// <summary>Connects; the descriptor does not block afterwards.</summary>
    /// <returns>A descriptor, or a negative error number.</returns>
    /// <exception cref="OsException">No descriptor is free, or the path is too long.</exception>
    public static int Connect(string path)
    {
        int fd = Open();
        if (Apply(fd, path, bind: false) == 0)
        {
            return fd;
        }

        int error = Marshal.GetLastPInvokeError();
        _ = Libc.Close(fd);
        return -error;
    }

    /// <summary>Takes one waiting connection.</summary>
    /// <returns>A descriptor that does not block, or a negative error number.</returns>
    public static int Accept(int listener)
    {
        int fd = Libc.Accept(listener, null, null, Libc.SocketNonBlocking | Libc.SocketCloseOnExec);
        return fd >= 0 ? fd : -Marshal.GetLastPInvokeError();
    }

    /// <returns>Bytes read, 0 at the end of the stream, or a negative error number.</returns>
    public static int Receive(int fd, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            nint count = Libc.Receive(fd, start, (nuint)buffer.Length, Libc.MessageDontWait);
            return count >= 0 ? (int)count : -Marshal.GetLastPInvokeError();
        }
    }

    /// <summary>Sends what the socket takes now. A peer that left is an error number, never a SIGPIPE.</summary>
    /// <returns>Bytes written, or a negative error number.</returns>
    public static int Send(int fd, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            nint count = Libc.Send(fd, start, (nuint)bytes.Length, Libc.MessageDontWait | Libc.MessageNoSignal);
            return count >= 0 ? (int)count : -Marshal.GetLastPInvokeError();
        }
    }

    /// <summary>Tells the peer that nothing more will be sent; its own bytes can still be read.</summary>
    public static void ShutdownSend(int fd)
    {
        const int shutWrite = 1;
        _ = Libc.Shutdown(fd, shutWrite);
    }

    /// <summary>Who connected, or, seen from a client, who listens.</summary>
    /// <exception cref="OsException">Not a connected Unix socket.</exception>
    public static PeerCredentials GetPeer(int fd)
    {
        PeerCredentials peer;
        uint length = (uint)sizeof(PeerCredentials);
        if (Libc.GetSocketOption(fd, Libc.SolSocket, Libc.SoPeerCredentials, &peer, &length) != 0)
        {
            throw OsException.Last("ask who is at the other end of a socket");
        }

        return peer;
    }

    /// <summary>Closes a descriptor of this class.</summary>
    public static void Close(int fd) => _ = Libc.Close(fd);

    private static int Open()
    {
        const int type = Libc.SocketStream | Libc.SocketNonBlocking | Libc.SocketCloseOnExec;
        int fd = Libc.Socket(Libc.AddressFamilyUnix, type, 0);
        return fd >= 0 ? fd : throw OsException.Last("create a Unix socket");
    }

    /// <summary>Calls bind or connect with <c>struct sockaddr_un</c>: the family, then the path and its terminator.</summary>
    private static int Apply(int fd, string path, bool bind)
    {
        int length = Encoding.UTF8.GetByteCount(path);
        if (length == 0 || length > PathBytesMax || path.Contains('\0', StringComparison.Ordinal))
        {
            _ = Libc.Close(fd);
            throw new OsException($"socket path '{path}': it must have 1 to {PathBytesMax} bytes", Errno.NameTooLong);
        }

        const int familyBytes = sizeof(ushort);
        byte* address = stackalloc byte[familyBytes + PathBytesMax + 1];
        Span<byte> all = new(address, familyBytes + PathBytesMax + 1);
        all.Clear();
        *(ushort*)address = Libc.AddressFamilyUnix;
        Encoding.UTF8.GetBytes(path, all[familyBytes..]);
        uint addressLength = (uint)(familyBytes + length + 1);
        return bind ? Libc.Bind(fd, address, addressLength) : Libc.Connect(fd, address, addressLength);
    }
}
