using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using Dataplane.Bench.Compare;

namespace Dataplane.Bench.Tests;

/// <summary>Plays the telemetry socket of a DPDK process by a script: a greeting, then an answer to each request; then it closes.</summary>
internal sealed class TelemetryServer : IDisposable
{
    /// <summary>What DPDK 22.11 greets with.</summary>
    public const string Greeting = """{"version":"DPDK 22.11.11","pid":4711,"max_output_len":16384}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("telemetry-").FullName;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
    private readonly ConcurrentQueue<string> _requests = [];
    private readonly Thread _thread;

    /// <param name="script">Packets to send: the greeting, then one after each request.</param>
    public TelemetryServer(params string[] script)
        : this([.. script.Select(Encoding.UTF8.GetBytes)])
    {
    }

    public TelemetryServer(IReadOnlyList<byte[]> script)
    {
        Path = System.IO.Path.Combine(_folder, "socket");
        _listener.Bind(new UnixDomainSocketEndPoint(Path));
        _listener.Listen(1);
        _thread = new Thread(() => Serve(script)) { IsBackground = true };
        _thread.Start();
    }

    public string Path { get; }

    /// <summary>What was asked, in order.</summary>
    public IReadOnlyList<string> Requests => [.. _requests];

    /// <summary>A client of it.</summary>
    public TelemetrySocket Connect() => TelemetrySocket.Connect(Path, TimeSpan.Zero, () => { });

    public void Dispose()
    {
        _listener.Dispose();
        _thread.Join();
        Directory.Delete(_folder, recursive: true);
    }

    private void Serve(IReadOnlyList<byte[]> script)
    {
        try
        {
            using Socket client = _listener.Accept();
            byte[] request = new byte[1024];
            for (int index = 0; index < script.Count; index++)
            {
                if (index > 0)
                {
                    int count = client.Receive(request);
                    _requests.Enqueue(Encoding.ASCII.GetString(request, 0, count));
                    if (count == 0)
                    {
                        return;
                    }
                }

                client.Send(script[index]);
            }
        }
        catch (SocketException)
        {
            // The test has what it wanted and is gone.
        }
    }
}
