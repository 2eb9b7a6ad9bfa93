using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using System.Threading;
using Dataplane.Lab;
using Dataplane.Oracle.Tests.Kernel;

namespace Dataplane.Oracle.Tests.Recording;

/// <summary>What two programs do with one connection.</summary>
public enum SessionKind
{
    Upload,
    Download,
    BothWays,

    /// <summary>The client says that it has finished; the server answers with much, then closes.</summary>
    HalfClose,

    /// <summary>The reader sleeps with a small buffer, so that the window closes.</summary>
    SlowReader,

    /// <summary>The client resets in the middle of a download.</summary>
    ClientReset,

    /// <summary>The server resets in the middle of an upload.</summary>
    ServerReset,

    /// <summary>Nobody listens.</summary>
    Refused,
}

/// <summary>Real sockets in the two namespaces of a path.</summary>
internal sealed class TcpSessions(RecordedPath path)
{
    private const int TimeoutMs = 30_000;
    private const int FirstPort = 5000;
    private const int SmallBufferBytes = 4096;
    private const int ChunkBytes = 8192;

    private static readonly byte[] s_pattern = [.. Enumerable.Range(0, ChunkBytes).Select(index => (byte)(index * 7))];

    /// <summary>Runs sessions at once, each on a port of its own, and waits for all.</summary>
    /// <returns>What went wrong in those that should have moved all their bytes.</returns>
    public IReadOnlyList<string> Run(IReadOnlyList<SessionKind> kinds, int lengthBytes)
    {
        List<string> failures = [];
        List<Thread> threads = [];
        for (int index = 0; index < kinds.Count; index++)
        {
            SessionKind kind = kinds[index];
            int port = FirstPort + index;
            ManualResetEventSlim listens = new(kind == SessionKind.Refused);
            if (kind != SessionKind.Refused)
            {
                threads.Add(Start(() => Serve(kind, port, lengthBytes, listens), kind, failures));
            }

            if (!listens.Wait(TimeoutMs))
            {
                throw new InvalidOperationException($"the server of {kind} does not listen");
            }

            threads.Add(Start(() => Request(kind, port, lengthBytes), kind, failures));
        }

        threads.ForEach(thread => thread.Join());
        return failures;
    }

    private static Thread Start(Action part, SessionKind kind, List<string> failures)
    {
        Thread thread = new(() =>
        {
            try
            {
                part();
            }
            catch (Exception e) when (e is SocketException or InvalidOperationException)
            {
                bool isMeant = kind is SessionKind.ClientReset or SessionKind.ServerReset or SessionKind.Refused;
                if (!isMeant)
                {
                    lock (failures)
                    {
                        failures.Add($"{kind}: {e.Message}");
                    }
                }
            }
        });
        thread.Start();
        return thread;
    }

    private void Serve(SessionKind kind, int port, int lengthBytes, ManualResetEventSlim listens)
    {
        using Socket listener = Make(path.ServerNamespace, kind == SessionKind.SlowReader);
        listener.Bind(new IPEndPoint(IPAddress.Parse(RecordedPath.ServerAddress), port));
        listener.Listen();
        listens.Set();
        using Socket socket = listener.Accept();
        Limit(socket);
        switch (kind)
        {
            case SessionKind.Upload:
                Receive(socket, lengthBytes, pauseMs: 0);
                break;
            case SessionKind.Download:
                Send(socket, lengthBytes);
                break;
            case SessionKind.BothWays:
                Exchange(socket, lengthBytes);
                break;
            case SessionKind.HalfClose:
                Receive(socket, lengthBytes / 4, pauseMs: 0);
                Send(socket, lengthBytes);
                break;
            case SessionKind.SlowReader:
                Receive(socket, lengthBytes / 4, pauseMs: 2);
                break;
            case SessionKind.ClientReset:
                Send(socket, lengthBytes * 8);
                break;
            default:
                Receive(socket, lengthBytes / 4, pauseMs: 0, isExact: false);
                Reset(socket);
                return;
        }

        Close(socket);
    }

    private void Request(SessionKind kind, int port, int lengthBytes)
    {
        using Socket socket = Make(path.ClientNamespace, hasSmallBuffer: false);
        Limit(socket);
        socket.Connect(new IPEndPoint(IPAddress.Parse(RecordedPath.ServerAddress), port));
        switch (kind)
        {
            case SessionKind.Upload:
                Send(socket, lengthBytes);
                break;
            case SessionKind.Download:
                Receive(socket, lengthBytes, pauseMs: 0);
                break;
            case SessionKind.BothWays:
                Exchange(socket, lengthBytes);
                break;
            case SessionKind.HalfClose:
                Send(socket, lengthBytes / 4);
                socket.Shutdown(SocketShutdown.Send);
                Receive(socket, lengthBytes, pauseMs: 0);
                break;
            case SessionKind.SlowReader:
                Send(socket, lengthBytes / 4);
                break;
            case SessionKind.ClientReset:
                Receive(socket, lengthBytes / 4, pauseMs: 0, isExact: false);
                Reset(socket);
                return;
            default:
                Send(socket, lengthBytes * 8);
                break;
        }

        Close(socket);
    }

    private static Socket Make(string name, bool hasSmallBuffer)
    {
        Socket socket = NamespaceThread.In(name, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        if (hasSmallBuffer)
        {
            socket.ReceiveBufferSize = SmallBufferBytes;
        }

        return socket;
    }

    private static void Limit(Socket socket)
    {
        socket.ReceiveTimeout = TimeoutMs;
        socket.SendTimeout = TimeoutMs;
        socket.NoDelay = true;
    }

    private static void Send(Socket socket, int lengthBytes)
    {
        for (int sent = 0; sent < lengthBytes; sent += ChunkBytes)
        {
            socket.Send(s_pattern.AsSpan(0, Math.Min(ChunkBytes, lengthBytes - sent)));
        }
    }

    private static void Receive(Socket socket, int lengthBytes, int pauseMs, bool isExact = true)
    {
        byte[] buffer = new byte[ChunkBytes];
        for (int received = 0; received < lengthBytes;)
        {
            int now = socket.Receive(buffer.AsSpan(0, Math.Min(buffer.Length, ChunkBytes - received % ChunkBytes)));
            bool isRight = now > 0 && buffer.AsSpan(0, now).SequenceEqual(s_pattern.AsSpan(received % ChunkBytes, now));
            if (!isRight && isExact)
            {
                throw new InvalidOperationException($"{received} bytes, then something else or the end");
            }

            received += now;
            if (pauseMs > 0)
            {
                Thread.Sleep(pauseMs);
            }
        }
    }

    private static void Exchange(Socket socket, int lengthBytes)
    {
        ExceptionDispatchInfo? failure = null;
        Thread sender = new(() =>
        {
            try
            {
                Send(socket, lengthBytes);
            }
            catch (SocketException e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        sender.Start();
        Receive(socket, lengthBytes, pauseMs: 0);
        sender.Join();
        failure?.Throw();
    }

    private static void Reset(Socket socket)
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Close();
    }

    /// <summary>FIN, and whatever the other side still says until its own.</summary>
    private static void Close(Socket socket)
    {
        byte[] buffer = new byte[ChunkBytes];
        socket.Shutdown(SocketShutdown.Send);
        while (socket.Receive(buffer) > 0)
        {
        }
    }
}
