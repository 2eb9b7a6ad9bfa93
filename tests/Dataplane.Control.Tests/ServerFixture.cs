using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using Dataplane.Control.Socket;
using Dataplane.Os;

namespace Dataplane.Control.Tests;

/// <summary>A control server on a thread of its own, over a socket in a temporary directory.</summary>
internal sealed class ServerFixture : IControlHost, IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly EventFd _wake = new();
    private readonly ControlSocket _socket;
    private readonly Thread _thread;
    private volatile bool _stop;

    internal ServerFixture(IShowSource source, int idleMs = ControlLimits.IdleMs, ITableSettings? settings = null)
    {
        _socket = ControlSocket.Open(Path);
        Server = new ControlServer(_socket, source, settings, idleMs);
        _thread = new Thread(() => Server.Run(this, _wake));
        _thread.Start();
    }

    internal string Path => _directory.File("control.sock");

    internal ControlServer Server { get; }

    internal int Ticks { get; private set; }

    public bool StopRequested => _stop;

    public void Tick(long nowMs) => Ticks++;

    internal System.Net.Sockets.Socket Connect()
    {
        System.Net.Sockets.Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 10_000 };
        socket.Connect(new UnixDomainSocketEndPoint(Path));
        return socket;
    }

    /// <summary>Sends bytes, closes the sending side and returns the lines that come back.</summary>
    internal List<string> Exchange(byte[] request)
    {
        using System.Net.Sockets.Socket socket = Connect();
        try
        {
            socket.Send(request);
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // Refused before all was sent: the reason is still to be read.
        }

        return ReadLines(socket);
    }

    internal List<string> Exchange(string request) => Exchange(Encoding.UTF8.GetBytes(request));

    /// <summary>Reads to the end of the stream; a line that was cut in two counts as one.</summary>
    internal static List<string> ReadLines(System.Net.Sockets.Socket socket)
    {
        using MemoryStream all = new();
        byte[] part = new byte[64 << 10];
        try
        {
            for (int count = socket.Receive(part); count > 0; count = socket.Receive(part))
            {
                all.Write(part, 0, count);
            }
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            // The server closed with bytes of ours unread: what it said before arrived.
        }

        return [.. Encoding.UTF8.GetString(all.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    internal void Stop()
    {
        _stop = true;
        _wake.Signal();
        _thread.Join();
    }

    public void Dispose()
    {
        Stop();
        Server.Dispose();
        _socket.Dispose();
        _wake.Dispose();
        _directory.Dispose();
    }
}
