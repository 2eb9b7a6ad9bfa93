using System;
using Dataplane.Os;

namespace Dataplane.Control.Socket;

/// <summary>Work that the control thread does besides its clients.</summary>
public interface IControlHost
{
    /// <summary>True once the router is to stop; looked at after every wait.</summary>
    bool StopRequested { get; }

    /// <summary>Called at least every <see cref="ControlServer.TickMs"/> milliseconds; must not block.</summary>
    /// <param name="nowMs">Milliseconds on a clock that never goes back.</param>
    void Tick(long nowMs);
}

/// <summary>
/// Serves the control socket on one thread: a poll loop over the listener, a wake-up descriptor and at most
/// <see cref="ControlLimits.ClientsMax"/> clients.
/// </summary>
/// <remarks>
/// Requests and replies are JSON objects, one a line: <c>{"verb":"show","what":"conntrack"}</c> is answered by
/// <c>{"ok":true,"what":"conntrack"}</c>, a line for each row, and <c>{"end":true,"count":N}</c>; or by
/// <c>{"ok":false,"code":"…","error":"…"}</c>. A change, <c>{"verb":"set","what":"limit","max":N}</c>, is answered by one
/// line with the value before and after it. Rows are made as the client takes them: one that stops reading holds its
/// own 64 KiB and nothing else. Everything is allocated by the constructor, serving allocates nothing.
/// </remarks>
public sealed class ControlServer : IDisposable
{
    /// <summary>The longest time between two ticks, in milliseconds.</summary>
    public const int TickMs = 100;

    private const int WakeEntry = 0;
    private const int ListenEntry = 1;
    private const int FirstClientEntry = 2;

    private readonly ControlSocket _socket;
    private readonly IShowSource _source;
    private readonly ControlClientSlot[] _clients = new ControlClientSlot[ControlLimits.ClientsMax];
    private readonly PollEntry[] _entries = new PollEntry[FirstClientEntry + ControlLimits.ClientsMax];
    private ControlCounters _counters;
    private long _acceptAgainMs;

    /// <param name="socket">Stays the caller's to dispose.</param>
    /// <param name="source">Rows.</param>
    /// <param name="settings">What requests may change; null refuses them all as <c>not_supported</c>.</param>
    public ControlServer(ControlSocket socket, IShowSource source, ITableSettings? settings = null)
        : this(socket, source, settings, ControlLimits.IdleMs)
    {
    }

    internal ControlServer(ControlSocket socket, IShowSource source, ITableSettings? settings, int idleMs)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentNullException.ThrowIfNull(source);
        _socket = socket;
        _source = source;
        for (int index = 0; index < _clients.Length; index++)
        {
            _clients[index] = new ControlClientSlot(source, settings, idleMs);
        }
    }

    /// <summary>What has happened so far.</summary>
    public ref readonly ControlCounters Counters => ref _counters;

    /// <summary>Serves until the host wants to stop; then tells the clients and returns.</summary>
    /// <param name="host">Asked after every wait.</param>
    /// <param name="wake">Ends a wait at once when signalled, from a signal handler or another thread.</param>
    public void Run(IControlHost host, EventFd wake)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(wake);
        while (!host.StopRequested)
        {
            RunOnce(wake, TickMs);
            host.Tick(Environment.TickCount64);
        }

        foreach (ControlClientSlot client in _clients)
        {
            if (client.IsOpen)
            {
                client.Farewell(Replies.Stopping);
            }
        }
    }

    /// <summary>Closes every client. The listening socket stays its owner's.</summary>
    public void Dispose()
    {
        foreach (ControlClientSlot client in _clients)
        {
            client.Dispose();
        }
    }

    /// <summary>One wait and what it brought; the loop of <see cref="Run"/> in single steps.</summary>
    internal void RunOnce(EventFd wake, int timeoutMs)
    {
        bool busy = Arm(wake);
        int ready = Poller.Wait(_entries, busy ? 0 : timeoutMs);
        long nowMs = Environment.TickCount64;
        if (_entries[WakeEntry].Ready != 0)
        {
            _ = wake.Drain();
        }

        for (int index = 0; index < _clients.Length; index++)
        {
            ControlClientSlot client = _clients[index];
            if (!client.IsOpen)
            {
                continue;
            }

            short happened = _entries[FirstClientEntry + index].Ready;
            if (happened != 0 || client.HasWork)
            {
                client.Turn(happened, ref _counters, nowMs);
            }

            if (client.IsOpen)
            {
                client.CheckIdle(ref _counters, nowMs);
            }
        }

        if (ready > 0 && _entries[ListenEntry].Ready != 0)
        {
            AcceptAll(nowMs);
        }

        _source.EndBatch();
    }

    private bool Arm(EventFd wake)
    {
        bool busy = false;
        bool accepting = Environment.TickCount64 >= _acceptAgainMs;
        _entries[WakeEntry] = new PollEntry { Descriptor = wake.Descriptor, Wanted = PollEntry.Readable };
        _entries[ListenEntry] = new PollEntry { Descriptor = accepting ? _socket.Descriptor : -1, Wanted = PollEntry.Readable };
        for (int index = 0; index < _clients.Length; index++)
        {
            ControlClientSlot client = _clients[index];
            busy |= client.HasWork;
            _entries[FirstClientEntry + index] = new PollEntry { Descriptor = client.Descriptor, Wanted = client.Wanted };
        }

        return busy;
    }

    private void AcceptAll(long nowMs)
    {
        // Bounded: a flood of connections must not keep the thread from its clients.
        for (int count = 0; count < ControlLimits.ClientsMax; count++)
        {
            int descriptor = UnixSocket.Accept(_socket.Descriptor);
            if (descriptor < 0)
            {
                // Out of descriptors the listener stays readable: look away for a moment instead of spinning.
                _acceptAgainMs = descriptor is -Errno.TooManyFiles or -Errno.TooManyFilesSystem or -Errno.NoMemory
                    ? nowMs + TickMs
                    : _acceptAgainMs;
                return;
            }

            _counters.Accepted++;
            ControlClientSlot? free = FindFree();
            if (free is null)
            {
                _counters.Refused++;
                _ = UnixSocket.Send(descriptor, Replies.TooManyClients);
                UnixSocket.Close(descriptor);
                continue;
            }

            free.Open(descriptor, nowMs);
        }
    }

    private ControlClientSlot? FindFree()
    {
        foreach (ControlClientSlot client in _clients)
        {
            if (!client.IsOpen)
            {
                return client;
            }
        }

        return null;
    }
}
