using System;
using Dataplane.Os;
using Dataplane.Packet;

namespace Dataplane.Conntrack.Interleaving.Tests;

/// <summary>A table of a few buckets under two locks, with two workers that have a few free entries each, and a second array of buckets
/// to resize it to.</summary>
/// <remarks>Between runs it goes back to a saved state by copying some kilobytes.</remarks>
internal sealed unsafe partial class SmallTable : IDisposable
{
    /// <summary>The time of every operation, seconds.</summary>
    public const uint Now = 1000;

    /// <summary>A deadline in the future.</summary>
    public const uint Later = 5000;

    /// <summary>Free entries that a worker begins with.</summary>
    public const uint EntriesPerWorker = 10;

    /// <summary>Entries that a run may touch, the arena's header included; one bit each in a mask.</summary>
    public const uint EntriesMax = 1 + 2 * EntriesPerWorker;

    /// <summary>Free side records that a worker begins with.</summary>
    public const uint SidesPerWorker = 3;

    /// <summary>Nobody is told of this one: what a freed bucket array is filled with.</summary>
    public const uint DecoyIndex = EntriesMax;

    /// <summary>The mark of the decoy, which no connection has.</summary>
    public const byte DecoyMark = Scenario.ConnectionsMax + 1;

    // Any: it decides which tuples stand for which buckets, and the tests ask for tuples by bucket.
    private const ulong Seed = 20;

    private readonly ConntrackMemory<Ipv4Tuple> _memory;
    private readonly MappedMemory _spare;
    private readonly Snapshot _snapshot = new();
    private uint _nextNumber;

    /// <param name="buckets">A power of two from 2 on: the table's buckets.</param>
    /// <param name="spareBuckets">The same for what it may be resized to.</param>
    public SmallTable(uint buckets, uint spareBuckets)
    {
        _memory = new ConntrackMemory<Ipv4Tuple>(new ConntrackSize(1024, 2, false) { Buckets = buckets, Seed = Seed, SideRecords = 2 * SidesPerWorker });
        _spare = MappedMemory.Allocate((long)spareBuckets * Bucket.SizeBytes, false);
        Table = _memory.Table;
        First = Table->View->Current;
        Spare = new BucketArray((Bucket*)_spare.Address, spareBuckets);
        StockWorkers();
        Watch();
    }

    public ConntrackTable<Ipv4Tuple>* Table { get; }

    /// <summary>The buckets that the table began with.</summary>
    public BucketArray First { get; }

    /// <summary>Empty buckets for a resize.</summary>
    public BucketArray Spare { get; }

    /// <summary>Bytes that are put back between runs.</summary>
    public int SnapshotBytes => _snapshot.Length;

    public WorkerSlot* Slot(int worker) => _memory.Slot(worker);

    public EntryHead* Head(uint index) => Entry<Ipv4Tuple>.Head(Table->EntryAt(index));

    public EntryTail* Tail(uint index) => Entry<Ipv4Tuple>.Tail(Table->EntryAt(index));

    public Ipv4Tuple Tuple(uint index, Direction direction) => *Entry<Ipv4Tuple>.Tuple(Table->EntryAt(index), direction);

    public TableCounters Counters() => _memory.Counters();

    /// <summary>A tuple that nobody has yet whose hash begins in a bucket.</summary>
    /// <param name="bucket">0 to 15: the low four bits of the hash.</param>
    public Ipv4Tuple NewTuple(uint bucket)
    {
        while (true)
        {
            uint number = _nextNumber++;
            Ipv4Tuple tuple = new()
            {
                Source = Ipv4Address.FromHost(0x0A00_0000 + (number >> 8)),
                Destination = Ipv4Address.FromHost(0xC000_0201),
                SourcePort = Be16.FromHost((ushort)(1024 + (number & 255))),
                DestinationPort = Be16.FromHost(443),
                Protocol = IpProtocol.Tcp,
            };
            if ((Table->Hash(&tuple) & 15) == bucket)
            {
                return tuple;
            }
        }
    }

    /// <summary>Takes an entry of a worker and builds it; 0 when there is none.</summary>
    /// <param name="worker">Whose entry.</param>
    /// <param name="mark">What recognises the connection: it goes where the rewrite would.</param>
    /// <param name="original">Tuple of the first packet.</param>
    /// <param name="reply">Tuple of the answers.</param>
    /// <param name="word">Deadline and state; no flags.</param>
    /// <remarks>The windows stay zero: those of two ends whose numbers begin at zero and who have said nothing since.</remarks>
    public uint Build(int worker, uint mark, Ipv4Tuple original, Ipv4Tuple reply, StateWord word)
    {
        if (Table->Allocate(Slot(worker), 0, out uint index) != AllocateResult.Allocated)
        {
            return 0;
        }

        byte* entry = Table->EntryAt(index);
        Shared.Point();
        *Entry<Ipv4Tuple>.Tuple(entry, Direction.Original) = original;
        Shared.Point();
        *Entry<Ipv4Tuple>.Tuple(entry, Direction.Reply) = reply;
        Shared.Point();
        Head(index)->Rewrite = mark;
        Shared.Point();
        Head(index)->State = word.Value;
        return index;
    }

    /// <summary>Both workers pass a quiescent point and take back what is free.</summary>
    public void QuiesceAll()
    {
        // Twice: the first reclaim ends the epoch, the second finds both beyond it.
        for (int turn = 0; turn < 4; turn++)
        {
            Table->Quiescence->Quiescent(turn & 1);
            Table->Reclaim(Slot(turn & 1));
        }
    }

    /// <summary>What the present state is, every run begins with.</summary>
    public void Save() => _snapshot.Save();

    public void Restore() => _snapshot.Restore();

    /// <summary>The first array is free: fills it with what nobody may find, a place in every bucket that leads a tuple's lookup to the
    /// decoy.</summary>
    public void FreeFirstArray(Ipv4Tuple tuple)
    {
        ulong hash = Table->Hash(&tuple);
        byte* decoy = Table->EntryAt(DecoyIndex);
        *Entry<Ipv4Tuple>.Tuple(decoy, Direction.Original) = tuple;
        Head(DecoyIndex)->Rewrite = DecoyMark;
        Head(DecoyIndex)->State = new StateWord(Later, ConnectionState.TcpEstablished, 0, EntryFlags.Confirmed).Value;
        for (uint bucket = 0; bucket < First.Count; bucket++)
        {
            First.Buckets[bucket].References[0] = new EntryReference(DecoyIndex, Direction.Original).Value;
            First.Buckets[bucket].Tags[0] = TupleHash.Tag(hash);
        }
    }

    public void Dispose()
    {
        _spare.Dispose();
        _memory.Dispose();
    }

    // Low indexes, so that few entries are saved, and credits enough, so that no run has to draw any.
    private void StockWorkers()
    {
        for (int worker = 0; worker < 2; worker++)
        {
            WorkerSlot* slot = Slot(worker);
            for (uint entry = 0; entry < EntriesPerWorker; entry++)
            {
                slot->Entries.Indexes[slot->Entries.Count++] = (uint)worker * EntriesPerWorker + EntriesPerWorker - entry;
            }

            for (uint side = 0; side < SidesPerWorker; side++)
            {
                slot->Sides.Indexes[slot->Sides.Count++] = (uint)worker * SidesPerWorker + SidesPerWorker - side;
            }

            _memory.Pool->Limits->Global.TryDraw(ref slot->Credits);
            _memory.Pool->Limits->Zones[0].TryDraw(ref slot->Zones[0].Credits);
            Table->Quiescence->GoOnline(worker);
        }
    }

    private void Watch()
    {
        _snapshot.Add(Table, sizeof(ConntrackTable<Ipv4Tuple>));
        _snapshot.Add(Table->Quiescence, 64 * 3);
        _snapshot.Add(Table->LockWords, StripeLocks.SizeBytes);
        _snapshot.Add(Table->ResizeProgress, ResizeState.SizeBytes);
        _snapshot.Add(First.Buckets, (long)First.Count * Bucket.SizeBytes);
        _snapshot.Add(Spare.Buckets, (long)Spare.Count * Bucket.SizeBytes);
        _snapshot.Add(Table->Entries, (DecoyIndex + 1) * (long)Entry<Ipv4Tuple>.SizeBytes);
        _snapshot.Add(Table->SideAt(0), (1 + 2 * SidesPerWorker) * SideRecord.SizeBytes);
        for (int worker = 0; worker < 2; worker++)
        {
            _snapshot.Add(Slot(worker), sizeof(WorkerSlot));
            _snapshot.Add(Slot(worker)->Sides.Indexes, 2 * SidesPerWorker * sizeof(uint));
            _snapshot.Add(Slot(worker)->Entries.Indexes, 2 * EntriesPerWorker * sizeof(uint));
            _snapshot.Add(Slot(worker)->Zones, sizeof(ZoneShare));
        }
    }
}
