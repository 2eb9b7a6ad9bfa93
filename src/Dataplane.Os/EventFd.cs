using System;

namespace Dataplane.Os;

/// <summary>A descriptor that becomes readable when another thread or a signal handler says so (eventfd(2)).</summary>
public sealed unsafe class EventFd : IDisposable
{
    private int _fd;

    /// <exception cref="OsException">No descriptor is free.</exception>
    public EventFd()
    {
        _fd = Libc.EventFd(0, Libc.EventFdNonBlocking | Libc.EventFdCloseOnExec);
        if (_fd < 0)
        {
            throw OsException.Last("create an eventfd");
        }
    }

    /// <summary>For <see cref="PollEntry"/>; readable once <see cref="Signal"/> was called.</summary>
    public int Descriptor => _fd;

    /// <summary>Wakes the poller. Any thread, any number of times; never waits.</summary>
    public void Signal()
    {
        // A full counter (2^64 - 2 signals unread) fails with EAGAIN: the poller is awake then anyway.
        ulong one = 1;
        _ = Libc.Write(_fd, &one, sizeof(ulong));
    }

    /// <summary>Takes what was signalled; returns how many signals, 0 if none.</summary>
    public ulong Drain()
    {
        ulong count = 0;
        return Libc.Read(_fd, &count, sizeof(ulong)) == sizeof(ulong) ? count : 0;
    }

    public void Dispose()
    {
        if (_fd >= 0)
        {
            _ = Libc.Close(_fd);
            _fd = -1;
        }
    }
}
