using System;
using System.Threading;
using Dataplane.Control.Socket;
using Dataplane.Os;

namespace Dataplane.App.Tests;

/// <summary>What the command line sees of a router: a control socket, served on a thread of this process.</summary>
internal sealed class RouterStandIn : IControlHost, IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly EventFd _wake = new();
    private readonly ControlSocket _socket;
    private readonly ControlServer _server;
    private readonly Thread _thread;
    private volatile bool _stop;

    /// <param name="settings">Null for a router that lets nothing be changed.</param>
    internal RouterStandIn(ITableSettings? settings = null)
    {
        _socket = ControlSocket.Open(SocketPath);
        _server = new ControlServer(_socket, new FixedSource(), settings);
        _thread = new Thread(() => _server.Run(this, _wake));
        _thread.Start();
    }

    internal string SocketPath => _directory.File("control.sock");

    bool IControlHost.StopRequested => _stop;

    void IControlHost.Tick(long nowMs)
    {
        // Nothing besides clients.
    }

    public void Dispose()
    {
        _stop = true;
        _wake.Signal();
        _thread.Join();
        _server.Dispose();
        _socket.Dispose();
        _wake.Dispose();
        _directory.Dispose();
    }
}
