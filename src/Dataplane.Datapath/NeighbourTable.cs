using System.Runtime.InteropServices;
using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Datapath;

/// <summary>Neighbours of all ports and both families, shared by the workers; an IPv4 neighbour is its mapped address.</summary>
/// <remarks>
/// <para>
/// The packet path reads <see cref="Adjacencies"/> by index without a lock. Everything else, finding a neighbour by
/// address included, happens
/// under one spinlock: it is needed for a connection's first packets, ARP and neighbour discovery, not per packet.
/// </para>
/// <para>
/// An address keeps its index for the life of the process once it has answered, because entries cache
/// the index. An address that never answered gives its index up when the table is full, so that a scan of an
/// empty subnet cannot crowd out real neighbours.
/// </para>
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public unsafe partial struct NeighbourTable
{
    /// <summary>Neighbours at most; index 0 means none.</summary>
    public const int NeighboursMax = 65535;

    /// <summary>Packets that may wait for neighbours in all: what a scan of empty addresses can take from the buffer
    /// pool.</summary>
    public const int HeldMax = 4096;

    private const int RecycleLooksMax = 32;

    /// <summary>Time between two requests (RFC 1122 §2.3.2.1 allows one per second).</summary>
    public const long RequestIntervalNanoseconds = 1_000_000_000;

    /// <summary>Requests before a neighbour is given up.</summary>
    public const int RequestsMax = 3;

    /// <summary>How long an answer is believed before it is asked for again.</summary>
    public const long ReachableNanoseconds = 30_000_000_000;

    /// <summary>How long a neighbour whose address is known by hearsay is used before it is asked (RFC 4861 §10,
    /// DELAY_FIRST_PROBE_TIME).</summary>
    public const long StaleNanoseconds = 5_000_000_000;

    /// <summary>How long a neighbour that did not answer is left alone.</summary>
    public const long FailedNanoseconds = 3_000_000_000;

    private const int ChainCount = 16384;

    /// <summary>One per neighbour, by index.</summary>
    public Adjacency* Adjacencies;

    private NeighbourRecord* _records;
    private uint* _chains;
    private int* _lock;
    private uint _used;
    private uint _recycle;
    private int _held;
    private ulong _salt;

    /// <summary>Bytes to give to <see cref="Initialize"/>.</summary>
    public static int MemoryBytes => (NeighboursMax + 1) * (Adjacency.SizeBytes + sizeof(NeighbourRecord)) + ChainCount * sizeof(uint) + 64;

    /// <summary>Lays the table out in zeroed memory that is aligned to 64 bytes.</summary>
    /// <param name="memory"><see cref="MemoryBytes"/>.</param>
    /// <param name="salt">Random, so that nobody on a link can choose addresses of one chain.</param>
    public void Initialize(byte* memory, ulong salt)
    {
        _salt = salt;
        _lock = (int*)memory;
        _records = (NeighbourRecord*)(memory + 64);
        Adjacencies = (Adjacency*)(_records + NeighboursMax + 1);
        _chains = (uint*)(Adjacencies + NeighboursMax + 1);
    }

    /// <summary>Highest index in use: the bound of a listing.</summary>
    public readonly uint Used => _used;

    public readonly void Enter() => StripeLocks.Enter(_lock);

    public readonly void Exit() => StripeLocks.Exit(_lock);

    /// <summary>Lets one more packet be held, unless too many are; only under the lock.</summary>
    public bool TryHold()
    {
        if (_held == HeldMax)
        {
            return false;
        }

        _held++;
        return true;
    }

    /// <summary>Packets are no longer held; only under the lock.</summary>
    public void Unhold(int count) => _held -= count;

    /// <summary>The cold part of a neighbour; only under the lock.</summary>
    public readonly NeighbourRecord* Record(uint index) => _records + index;

    /// <summary>The index of an address on a port, or 0; only under the lock.</summary>
    public readonly uint Find(byte port, Ipv6Address address)
    {
        for (uint index = *Chain(port, address); index != 0; index = _records[index].Next)
        {
            if (_records[index].Address == address && _records[index].Port == port)
            {
                return index;
            }
        }

        return 0;
    }

    /// <summary>Finds or adds an address; only under the lock.</summary>
    /// <param name="plan">For the port's MAC address and MTU.</param>
    /// <param name="port">Port index in the plan.</param>
    /// <param name="address">The neighbour's address.</param>
    /// <returns>Its index, or 0 when the table is full of neighbours that have answered or are being asked.</returns>
    public uint FindOrAdd(Plan* plan, byte port, Ipv6Address address)
    {
        uint index = Find(port, address);
        if (index != 0)
        {
            return index;
        }

        index = _used < NeighboursMax ? ++_used : Recycle();
        if (index == 0)
        {
            return 0;
        }

        uint* chain = Chain(port, address);
        _records[index] = new NeighbourRecord { Address = address, Port = port, Next = *chain };
        *chain = index;
        SetState(plan, index, NeighbourState.Failed);
        return index;
    }

    /// <summary>Replaces the state of a neighbour and keeps its MAC address; only under the lock.</summary>
    public readonly void SetState(Plan* plan, uint index, NeighbourState state) =>
        Set(plan, index, Adjacencies[index].Mac48, state);

    /// <summary>Replaces state and MAC address of a neighbour; only under the lock.</summary>
    public readonly void Set(Plan* plan, uint index, ulong mac48, NeighbourState state)
    {
        RouterPort* port = plan->Ports + _records[index].Port;
        new Adjacency(mac48, port->Mac48, _records[index].Port, state, port->MtuBytes).Store(Adjacencies + index);
    }

    private readonly uint* Chain(byte port, Ipv6Address address) =>
        _chains + ((((address.RawHigh ^ _salt) * 0x9E37_79B9_7F4A_7C15) ^ address.RawLow ^ port) * 0xD6E8_FEB8_6659_FD93 >> 50);

    /// <summary>Takes the index of a neighbour that never answered.</summary>
    private uint Recycle()
    {
        for (int looked = 0; looked < RecycleLooksMax; looked++)
        {
            _recycle = _recycle % NeighboursMax + 1;
            NeighbourRecord* record = _records + _recycle;
            if (!record->WasReachable && record->HeldCount == 0 && Adjacencies[_recycle].State == NeighbourState.Failed)
            {
                uint* link = Chain(record->Port, record->Address);
                while (*link != _recycle)
                {
                    link = &_records[*link].Next;
                }

                *link = record->Next;
                return _recycle;
            }
        }

        return 0;
    }
}
