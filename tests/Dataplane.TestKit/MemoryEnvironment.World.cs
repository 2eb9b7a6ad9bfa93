using System;
using System.Collections.Generic;
using Dataplane.Packet;

namespace Dataplane.TestKit;

/// <summary>A frame that the router sent, copied when it did.</summary>
/// <param name="Port">The environment's port number.</param>
/// <param name="Queue">The transmit queue it left by.</param>
/// <param name="Bytes">The frame.</param>
public sealed record SentFrame(int Port, int Queue, byte[] Bytes);

/// <summary>A frame that the router took from a receive queue, as it was at that moment.</summary>
public sealed record ReceivedFrame(int Port, int Queue, byte[] Bytes);

/// <summary>Memory ports with a ledger of all buffers, a clock that stands still, and switches for what may go wrong.</summary>
/// <remarks>
/// <para>
/// Every buffer is in exactly one place: free, in a receive queue, or with the router. Whatever hands over a buffer from the wrong
/// place (a double free, a packet sent twice, sent after it was freed) throws at once, and freed memory is
/// overwritten, so that a late reader finds rubbish.
/// </para>
/// <para>
/// With <see cref="Captures"/> off nothing here allocates: ARP and neighbour discovery are answered in the buffer that asked.
/// One thread at a time.
/// </para>
/// </remarks>
public sealed unsafe partial class MemoryWorld : IDisposable
{
    private const byte Rubbish = 0xDD;

    private readonly MbufPool _pool;
    private readonly Queue<nint>[][] _receive;
    private readonly HashSet<nint> _withRouter;

    /// <param name="receiveQueues">Receive queues of each port.</param>
    /// <param name="buffers">Buffers in the pool.</param>
    public MemoryWorld(IReadOnlyList<int> receiveQueues, int buffers = 4096)
    {
        ArgumentNullException.ThrowIfNull(receiveQueues);
        _pool = new MbufPool(buffers);
        _withRouter = new HashSet<nint>(buffers);
        _receive = new Queue<nint>[receiveQueues.Count][];
        for (int port = 0; port < receiveQueues.Count; port++)
        {
            _receive[port] = new Queue<nint>[receiveQueues[port]];
            for (int queue = 0; queue < receiveQueues[port]; queue++)
            {
                _receive[port][queue] = new Queue<nint>(buffers);
            }
        }
    }

    /// <summary>The clock; starts late enough that no deadline is near zero.</summary>
    public long NowNanoseconds { get; set; } = 1_000_000_000_000;

    /// <summary>Called at every IPv4 route look-up, in the middle of a worker's poll: what another worker does at that moment.</summary>
    public Action? RouteAsked { get; set; }

    /// <summary>Packets that one receive burst delivers at most.</summary>
    public int BurstLimit { get; set; } = int.MaxValue;

    /// <summary>Keep copies of what is received and sent.</summary>
    public bool Captures { get; set; } = true;

    /// <summary>Allocations that fail from now on.</summary>
    public int AllocationsToRefuse { get; set; }

    /// <summary>Packets of a transmit burst that a queue takes at most.</summary>
    public int TransmitLimit { get; set; } = int.MaxValue;

    /// <summary>Frames sent since this list was last cleared.</summary>
    public List<SentFrame> Sent { get; } = [];

    /// <summary>Frames received since this list was last cleared.</summary>
    public List<ReceivedFrame> Received { get; } = [];

    public ulong ReceivedCount { get; private set; }

    public ulong SentCount { get; private set; }

    public ulong AllocatedCount { get; private set; }

    public ulong FreedCount { get; private set; }

    /// <summary>Buffers that the router has.</summary>
    public int WithRouter => _withRouter.Count;

    /// <summary>Frames that wait in receive queues.</summary>
    public int Waiting
    {
        get
        {
            int sum = 0;
            foreach (Queue<nint>[] port in _receive)
            {
                foreach (Queue<nint> queue in port)
                {
                    sum += queue.Count;
                }
            }

            return sum;
        }
    }

    /// <summary>Puts a frame into a receive queue.</summary>
    /// <exception cref="InvalidOperationException">No buffer is left: the router leaks, or the test asks for too much.</exception>
    public void Inject(int port, int queue, ReadOnlySpan<byte> frame, MbufFlags flags = MbufFlags.None, ushort vlanTci = 0)
    {
        Mbuf* mbuf = _pool.Allocate(frame, (ushort)port, flags);
        mbuf->VlanTci = vlanTci;
        _receive[port][queue].Enqueue((nint)mbuf);
    }

    /// <summary>Compares the ledger with the pool.</summary>
    /// <exception cref="InvalidOperationException">A buffer is in no place, or in two.</exception>
    public void CheckLedger()
    {
        if (_pool.InUse != Waiting + WithRouter)
        {
            throw new InvalidOperationException($"{_pool.InUse} buffers in use, {Waiting} wait and {WithRouter} are with the router");
        }
    }

    public void Dispose() => _pool.Dispose();

    internal int Receive(ushort port, ushort queue, Mbuf** packets, int count)
    {
        Queue<nint> waiting = _receive[port][queue];
        int taken = Math.Min(Math.Min(count, BurstLimit), waiting.Count);
        for (int index = 0; index < taken; index++)
        {
            nint mbuf = waiting.Dequeue();
            packets[index] = (Mbuf*)mbuf;
            _withRouter.Add(mbuf);
            if (Captures)
            {
                Received.Add(new ReceivedFrame(port, queue, MbufPool.Bytes((Mbuf*)mbuf).ToArray()));
            }
        }

        ReceivedCount += (uint)taken;
        return taken;
    }

    internal int Transmit(ushort port, ushort queue, Mbuf** packets, int count)
    {
        int taken = Math.Min(count, TransmitLimit);
        for (int index = 0; index < taken; index++)
        {
            Mbuf* mbuf = packets[index];
            TakeBack(mbuf, "sent");
            if (mbuf->DataLength != mbuf->PacketLength || mbuf->SegmentCount != 1)
            {
                throw new InvalidOperationException($"sent with lengths {mbuf->DataLength} and {mbuf->PacketLength}");
            }

            if (Captures)
            {
                Sent.Add(new SentFrame(port, queue, MbufPool.Bytes(mbuf).ToArray()));
            }

            if (AnswerArp(mbuf) || AnswerSolicitation(mbuf))
            {
                _receive[port][0].Enqueue((nint)mbuf);
            }
            else
            {
                Release(mbuf);
            }
        }

        SentCount += (uint)taken;
        return taken;
    }

    internal Mbuf* Allocate()
    {
        if (AllocationsToRefuse > 0)
        {
            AllocationsToRefuse--;
            return null;
        }

        Mbuf* mbuf = _pool.Allocate();
        if (mbuf != null)
        {
            _withRouter.Add((nint)mbuf);
            AllocatedCount++;
        }

        return mbuf;
    }

    internal void Free(Mbuf** packets, int count)
    {
        for (int index = 0; index < count; index++)
        {
            TakeBack(packets[index], "freed");
            Release(packets[index]);
        }

        FreedCount += (uint)count;
    }

    private void TakeBack(Mbuf* mbuf, string how)
    {
        if (!_withRouter.Remove((nint)mbuf))
        {
            throw new InvalidOperationException($"the router {how} the buffer 0x{(ulong)mbuf:x}, which it does not have");
        }
    }

    private void Release(Mbuf* mbuf)
    {
        new Span<byte>(mbuf->BufferAddress, Mbuf.HeadroomBytes + mbuf->DataLength).Fill(Rubbish);
        _pool.Free(mbuf);
    }
}
