using System;
using System.IO;
using Dataplane.Os;

namespace Dataplane.Control.Socket;

/// <summary>Another process serves this control socket. The message names it.</summary>
public sealed class AlreadyRunningException : Exception
{
    /// <param name="socketPath">The socket.</param>
    /// <param name="processId">The process, or 0 if it cannot be known.</param>
    public AlreadyRunningException(string socketPath, int processId)
        : base($"already running, pid {(processId == 0 ? "unknown" : processId)}: it holds the control socket {socketPath}") =>
        ProcessId = processId;

    public int ProcessId { get; }
}

/// <summary>The listening socket of the control server and the lock that makes it the only one.</summary>
public sealed class ControlSocket : IDisposable
{
    private const string GroupName = "dataplane";
    private const int Backlog = 64;

    private readonly string _path;
    private readonly ProcessLock _lock;
    private int _descriptor;

    private ControlSocket(string path, ProcessLock held, int descriptor)
    {
        _path = path;
        _lock = held;
        _descriptor = descriptor;
    }

    internal int Descriptor => _descriptor;

    /// <summary>
    /// Takes the lock beside the socket, removes a socket that nobody listens on, and listens. The file belongs to group
    /// <c>dataplane</c> where there is one.
    /// </summary>
    /// <param name="path">Absolute; its directory is made if missing.</param>
    /// <exception cref="AlreadyRunningException">Another process has the lock or listens on the socket.</exception>
    /// <exception cref="OsException">The directory or file cannot be used, or is not a socket.</exception>
    /// <exception cref="IOException">The directory cannot be made.</exception>
    public static ControlSocket Open(string path)
    {
        string directory = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        Directory.CreateDirectory(directory);
        ProcessLock held = ProcessLock.TryAcquire(path + ".lock", out int holder) ?? throw new AlreadyRunningException(path, holder);
        try
        {
            RemoveStale(path);
            int descriptor = UnixSocket.Listen(path, ControlLimits.SocketMode, Backlog);
            ControlSocket socket = new(path, held, descriptor);
            if (OwnedFile.FindGroup(GroupName) is { } group)
            {
                OwnedFile.SetGroup(path, group);
            }

            return socket;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Stops listening and removes the socket.</summary>
    public void Dispose()
    {
        if (_descriptor >= 0)
        {
            // The name goes first: nobody can connect to a socket that will not accept.
            _ = OwnedFile.Remove(_path);
            UnixSocket.Close(_descriptor);
            _descriptor = -1;
            _lock.Dispose();
        }
    }

    /// <summary>With the lock held, so that two processes cannot remove each other's new socket.</summary>
    private static void RemoveStale(string path)
    {
        if (!OwnedFile.Exists(path, out bool isSocket))
        {
            return;
        }

        if (!isSocket)
        {
            throw new OsException($"'{path}' is in the way and is not a socket", Errno.Exists);
        }

        int descriptor = UnixSocket.Connect(path);
        if (descriptor >= 0)
        {
            int pid = UnixSocket.GetPeer(descriptor).ProcessId;
            UnixSocket.Close(descriptor);
            throw new AlreadyRunningException(path, pid);
        }

        // EAGAIN: somebody listens whose backlog is full.
        if (descriptor == -Errno.WouldBlock)
        {
            throw new AlreadyRunningException(path, 0);
        }

        if (descriptor != -Errno.ConnectionRefused)
        {
            throw new OsException($"connect to '{path}'", -descriptor);
        }

        _ = OwnedFile.Remove(path);
    }
}
