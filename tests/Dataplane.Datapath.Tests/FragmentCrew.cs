using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;
using Dataplane.Datapath.Fragments;
using Dataplane.Packet;

namespace Dataplane.Datapath.Tests;

/// <summary>A piece on its way to the table; packets are numbers here, which nobody follows.</summary>
internal readonly record struct CrewPiece(int Datagram, int Offset, int Length, FragmentPart Part);

/// <summary>Workers that share one table and bring it the pieces of the same datagrams at once, and a ledger of what became of each piece.</summary>
internal sealed unsafe class FragmentCrew : IDisposable
{
    private const long Now = 1_000_000_000;

    private readonly byte* _memory;
    private readonly CrewPiece[] _pieces;
    private readonly int[] _ended;
    private readonly int[] _forwarded;
    private readonly bool[] _isFirstThrough;
    private int _breaches;

    /// <param name="limits">Of the table.</param>
    /// <param name="pieces">All there will be; a packet is its index.</param>
    public FragmentCrew(FragmentLimits limits, IReadOnlyList<CrewPiece> pieces)
    {
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)FragmentTables.MemoryBytes(limits), 64);
        NativeMemory.Clear(_memory, (nuint)FragmentTables.MemoryBytes(limits));
        Tables = FragmentTables.Create(_memory, limits, seed: 1);
        _pieces = [.. pieces];
        _ended = new int[_pieces.Length];
        _forwarded = new int[_pieces.Length];
        int datagrams = 0;
        foreach (CrewPiece piece in _pieces)
        {
            datagrams = Math.Max(datagrams, piece.Datagram + 1);
        }

        _isFirstThrough = new bool[datagrams];
    }

    public FragmentTables* Tables { get; }

    /// <summary>A bad variant: it takes what waits once and does not come back for what arrived meanwhile.</summary>
    public bool AsksOnce { get; init; }

    /// <summary>Pieces that went on before their datagram's first, or with another datagram's ports.</summary>
    public int Breaches => _breaches;

    public int Forwarded => Sum(_forwarded);

    /// <summary>Pieces that ended twice, or not at all.</summary>
    public int Unsettled
    {
        get
        {
            int count = 0;
            foreach (int ends in _ended)
            {
                count += ends == 1 ? 0 : 1;
            }

            return count;
        }
    }

    /// <summary>Brings pieces to the table, two threads at once; each window is over before the next begins.</summary>
    /// <param name="windows">Indexes of pieces in the order of arrival, dealt out in turn.</param>
    public void Run(IReadOnlyList<int[]> windows)
    {
        using Barrier barrier = new(2);
        Thread other = new(() => Walk(1));
        other.Start();
        Walk(0);
        other.Join();

        void Walk(int worker)
        {
            foreach (int[] window in windows)
            {
                for (int index = worker; index < window.Length; index += 2)
                {
                    Bring(window[index]);
                }

                barrier.SignalAndWait();
            }
        }
    }

    /// <summary>Ends whatever is left in the table.</summary>
    public void Drain()
    {
        FragmentBatch victims;
        for (uint set = 0; set < Tables->Ipv4.Capacity / FragmentSet.Ways; set++)
        {
            while (Tables->Ipv4.TryExpire(set, long.MaxValue, &victims))
            {
                DropAll(&victims);
            }
        }
    }

    public void Dispose() => NativeMemory.AlignedFree(_memory);

    /// <summary>What <see cref="Reassembly"/> does with one packet.</summary>
    private void Bring(int number)
    {
        CrewPiece piece = _pieces[number];
        FragmentTable<Ipv4Tuple>* table = &Tables->Ipv4;
        Ipv4Tuple key = new()
        {
            Source = Ipv4Address.FromHost(0x0A00_0000 + (uint)piece.Datagram % 61),
            Destination = Ipv4Address.Parse(Network.Server),
            SourcePort = Be16.FromHost((ushort)(piece.Datagram >> 16)),
            DestinationPort = Be16.FromHost((ushort)piece.Datagram),
            Protocol = IpProtocol.Udp,
        };
        Ipv4Tuple source = new() { Source = key.Source };
        FragmentArrival arrival = new()
        {
            Packet = (Mbuf*)(nint)(number + 1),
            NowNanoseconds = Now,
            Hash = table->Hash(&key),
            SourceHash = table->Hash(&source),
            OffsetBytes = (ushort)piece.Offset,
            LengthBytes = (ushort)piece.Length,
            Part = piece.Part,
            Transport = TransportOf(piece.Datagram),
        };
        FragmentBatch batch;
        FragmentVerdict verdict = table->Accept(&key, &arrival, &batch);
        DropAll(&batch);
        End(arrival.IsNew ? table->Register(&arrival) : 0, DropReason.FragmentSourceLimit);
        switch (verdict)
        {
            case FragmentVerdict.Held:
                End(Tables->Shared.Exchange(FragmentShared.Reference(arrival.Index, arrival.Generation, false)), DropReason.FragmentTableFull);
                break;
            case FragmentVerdict.Drop:
                Interlocked.Increment(ref _ended[number]);
                break;
            case FragmentVerdict.Forward:
                Forward(number, arrival.Transport);
                break;
            default:
                Forward(number, arrival.Transport);
                Volatile.Write(ref _isFirstThrough[piece.Datagram], true);
                Release(arrival.Index);
                break;
        }
    }

    private void Release(uint index)
    {
        FragmentBatch batch;
        while (Tables->Ipv4.Take(index, &batch))
        {
            for (int position = 0; position < batch.Count; position++)
            {
                Forward((int)batch.Packets[position] - 1, batch.Transport);
            }

            if (AsksOnce)
            {
                return;
            }
        }
    }

    private void Forward(int number, FragmentTransport transport)
    {
        CrewPiece piece = _pieces[number];
        bool isEarly = piece.Part != FragmentPart.First && !Volatile.Read(ref _isFirstThrough[piece.Datagram]);
        if (isEarly || !transport.Equals(TransportOf(piece.Datagram)))
        {
            Interlocked.Increment(ref _breaches);
        }

        Interlocked.Increment(ref _ended[number]);
        Interlocked.Increment(ref _forwarded[number]);
    }

    private void End(ulong reference, DropReason reason)
    {
        if (reference != 0)
        {
            FragmentBatch victims;
            Tables->Ipv4.End(reference, &victims, reason);
            DropAll(&victims);
        }
    }

    private void DropAll(FragmentBatch* victims)
    {
        for (int position = 0; position < victims->Count; position++)
        {
            Interlocked.Increment(ref _ended[(int)victims->Packets[position] - 1]);
        }
    }

    private static FragmentTransport TransportOf(int datagram) => new()
    {
        SourcePort = Be16.FromHost((ushort)(datagram * 7)),
        DestinationPort = Be16.FromHost((ushort)(datagram >> 3)),
        Protocol = IpProtocol.Udp,
    };

    private static int Sum(int[] values)
    {
        int sum = 0;
        foreach (int value in values)
        {
            sum += value;
        }

        return sum;
    }
}
