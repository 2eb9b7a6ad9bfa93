using System;
using System.Collections.Generic;

namespace Dataplane.Datapath;

/// <summary>How many queues a port has.</summary>
public readonly record struct PortQueues(int Receive, int Transmit);

/// <summary>Which worker polls which receive queue, and which owns which transmit queue.</summary>
/// <remarks>
/// Receive queues are dealt out in turn over all ports, so that any number of ports and queues spreads evenly. A
/// transmit queue has
/// one owner. On a port with at least as many transmit queues as workers everybody owns one; with fewer, the others
/// hand their packets to an
/// owner by a ring. Ownership starts at another worker on each port, so that no worker owns all single-queue ports.
/// </remarks>
public sealed class QueueAssignment
{
    private readonly List<ReceiveQueue>[] _receive;
    private readonly int[,] _transmitQueue;
    private readonly int[,] _owner;

    /// <exception cref="ArgumentOutOfRangeException">No worker, or a port without queues.</exception>
    public QueueAssignment(IReadOnlyList<PortQueues> ports, int workers)
    {
        ArgumentNullException.ThrowIfNull(ports);
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        Workers = workers;
        _receive = new List<ReceiveQueue>[workers];
        for (int worker = 0; worker < workers; worker++)
        {
            _receive[worker] = [];
        }

        _transmitQueue = new int[workers, ports.Count];
        _owner = new int[workers, ports.Count];
        int dealt = 0;
        for (int port = 0; port < ports.Count; port++)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(ports[port].Receive, 1, nameof(ports));
            ArgumentOutOfRangeException.ThrowIfLessThan(ports[port].Transmit, 1, nameof(ports));
            for (int queue = 0; queue < ports[port].Receive; queue++)
            {
                _receive[dealt++ % workers].Add(new ReceiveQueue { Port = (byte)port, Queue = (ushort)queue });
            }

            AssignTransmit(port, Math.Min(ports[port].Transmit, workers));
        }
    }

    public int Workers { get; }

    /// <summary>The receive queues of a worker, in polling order.</summary>
    public IReadOnlyList<ReceiveQueue> ReceiveQueues(int worker) => _receive[worker];

    /// <summary>The transmit queue that a worker owns on a port, or -1.</summary>
    public int TransmitQueue(int worker, int port) => _transmitQueue[worker, port];

    /// <summary>The worker that transmits on a port for this one: itself, if it owns a queue there.</summary>
    public int TransmitOwner(int worker, int port) => _owner[worker, port];

    private void AssignTransmit(int port, int queues)
    {
        for (int worker = 0; worker < Workers; worker++)
        {
            int rank = (worker + Workers - port % Workers) % Workers;
            _transmitQueue[worker, port] = rank < queues ? rank : -1;
            _owner[worker, port] = (rank % queues + port) % Workers;
        }
    }
}
