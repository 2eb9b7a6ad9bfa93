using System;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using Dataplane.Lab;

namespace Dataplane.Bench.Trafgen;

/// <summary>A host of the lab that sends back what it receives over TCP.</summary>
internal sealed class EchoServer : IDisposable
{
    private const int Backlog = 512;

    private readonly Socket _listener;
    private readonly ConcurrentBag<Socket> _accepted = [];

    /// <summary>Listens until disposed.</summary>
    /// <exception cref="LabException">The address is taken, or is none of the host's.</exception>
    public EchoServer(NetworkNamespace host, IPEndPoint endPoint)
    {
        _listener = NamespaceThread.In(host.Name, () => Listen(endPoint));
        _ = ServeAsync();
    }

    public void Dispose()
    {
        _listener.Dispose();
        foreach (Socket socket in _accepted)
        {
            socket.Dispose();
        }
    }

    private static Socket Listen(IPEndPoint endPoint)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(endPoint);
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new LabException($"nobody can listen on {endPoint}: {e.Message}", e);
        }
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptAsync().ConfigureAwait(false);
                _accepted.Add(socket);
                _ = EchoAsync(socket);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed: the only way in which it ends.
        }
    }

    private static async Task EchoAsync(Socket socket)
    {
        byte[] buffer = new byte[64];
        try
        {
            for (int length = -1; length != 0;)
            {
                length = await socket.ReceiveAsync(buffer).ConfigureAwait(false);
                await socket.SendAsync(buffer.AsMemory(0, length)).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Reset by the other side, or disposed: its client notices by itself.
        }
    }
}
