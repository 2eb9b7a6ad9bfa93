using System;
using System.Buffers.Binary;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Dataplane.Lab;

namespace Dataplane.Bench.Trafgen;

/// <summary>TCP connections of a host to an <see cref="EchoServer"/>.</summary>
internal sealed class EchoClients : IDisposable
{
    private readonly Socket[] _sockets;
    private readonly IPEndPoint _server;

    /// <summary>Makes the sockets; <see cref="CountOpening"/> connects them.</summary>
    public EchoClients(NetworkNamespace host, IPEndPoint server, int count)
    {
        _server = server;
        _sockets = NamespaceThread.In(host.Name, () => Enumerable.Range(0, count)
            .Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true })
            .ToArray());
    }

    /// <summary>Connects all at once and asks each for an echo.</summary>
    /// <returns>How many were open, and had theirs, in time.</returns>
    public int CountOpening(TimeSpan patience) => Count(patience, async (socket, number, cancellation) =>
    {
        await socket.ConnectAsync(_server, cancellation).ConfigureAwait(false);
        return await EchoesAsync(socket, number, cancellation).ConfigureAwait(false);
    });

    /// <summary>Asks each for another echo.</summary>
    /// <returns>How many had it in time.</returns>
    public int CountAnswering(TimeSpan patience) => Count(patience, EchoesAsync);

    public void Dispose()
    {
        foreach (Socket socket in _sockets)
        {
            socket.Dispose();
        }
    }

    private int Count(TimeSpan patience, Func<Socket, int, CancellationToken, Task<bool>> ask)
    {
        using CancellationTokenSource cancellation = new(patience);
        Task<bool[]> all = Task.WhenAll(_sockets.Select(async (socket, number) =>
        {
            try
            {
                return await ask(socket, number, cancellation.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                return false;
            }
        }));
        return all.GetAwaiter().GetResult().Count(answered => answered);
    }

    /// <summary>Sends a number that no other connection sends, and waits until it is back.</summary>
    private static async Task<bool> EchoesAsync(Socket socket, int number, CancellationToken cancellation)
    {
        byte[] question = new byte[sizeof(int)];
        byte[] answer = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(question, number);
        await socket.SendAsync(question, cancellation).ConfigureAwait(false);
        for (int received = 0; received < answer.Length;)
        {
            int length = await socket.ReceiveAsync(answer.AsMemory(received), cancellation).ConfigureAwait(false);
            if (length == 0)
            {
                return false;
            }

            received += length;
        }

        return answer.AsSpan().SequenceEqual(question);
    }
}
