using System;
using System.Collections.Generic;
using System.Reflection;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>A table with the handles that tests need, and checks that walk its memory without the table's own code.</summary>
public sealed unsafe class TestTable<TTuple, TFamily> : IDisposable
    where TTuple : unmanaged
    where TFamily : ITupleFamily<TTuple>
{
    /// <summary>The time that a test starts at, seconds.</summary>
    public const uint Now = 1000;

    /// <summary>A deadline that no test reaches.</summary>
    public const uint Never = 1_000_000;

    public TestTable(uint entriesMax, int workers = 1, uint bucketsMin = 0)
        : this(new ConntrackSize(entriesMax, workers, false, bucketsMin))
    {
    }

    public TestTable(ConntrackSize size)
    {
        Memory = new ConntrackMemory<TTuple>(size);
        Table = Memory.Table;
    }

    public ConntrackMemory<TTuple> Memory { get; }

    public ConntrackTable<TTuple>* Table { get; }

    /// <summary>The buckets that new connections go to.</summary>
    public Bucket* Buckets => Table->View->Current.Buckets;

    /// <summary>The buckets of one stripe, or the bound of a walk if that is less.</summary>
    public uint Probes => ProbesOf(Table->View->Current);

    public ulong Hash(TTuple tuple) => Table->Hash(&tuple);

    public EntryHead* Head(uint index) => Entry<TTuple>.Head(Table->EntryAt(index));

    public StateWord Word(uint index) => new(Head(index)->State);

    public TTuple Tuple(uint index, Direction direction) => *Entry<TTuple>.Tuple(Table->EntryAt(index), direction);

    /// <summary>Takes an entry and builds it; 0 when there is none.</summary>
    public uint Build(TTuple original, TTuple reply, uint deadline = Never, int worker = 0)
    {
        ushort zone = Entry<TTuple>.Zone((byte*)&original);
        if (Table->Allocate(Memory.Slot(worker), zone, out uint index) != AllocateResult.Allocated)
        {
            return 0;
        }

        byte* entry = Table->EntryAt(index);
        *Entry<TTuple>.Tuple(entry, Direction.Original) = original;
        *Entry<TTuple>.Tuple(entry, Direction.Reply) = reply;
        Head(index)->State = new StateWord(deadline, ConnectionState.TcpEstablished, 0, EntryFlags.None).Value;
        return index;
    }

    /// <summary>Builds and inserts; what was refused is abandoned.</summary>
    public InsertResult Insert(
        TTuple original, TTuple reply, out uint index, out EntryReference existing, uint deadline = Never, int worker = 0, uint now = Now)
    {
        index = Build(original, reply, deadline, worker);
        Assert.NotEqual(0u, index);
        InsertResult result = Table->Insert(Memory.Slot(worker), index, now, out existing);
        if (result != InsertResult.Inserted)
        {
            Table->Abandon(Memory.Slot(worker), index);
            index = 0;
        }

        return result;
    }

    /// <summary>Inserts an untranslated connection that nothing can be in the way of.</summary>
    public uint Insert(uint number, uint deadline = Never, int worker = 0)
    {
        TTuple original = TFamily.Numbered(number);
        Assert.Equal(InsertResult.Inserted, Insert(original, TFamily.Inverted(original), out uint index, out _, deadline, worker));
        return index;
    }

    public EntryReference Find(TTuple tuple, uint now = Now, int worker = 0) =>
        Table->Find(&tuple, Table->Hash(&tuple), now, Memory.Slot(worker));

    /// <summary>The same look-up within a burst of others, at a place that the burst does not favour.</summary>
    /// <param name="tuple">What is looked for.</param>
    /// <param name="first">Number of the first of the other tuples.</param>
    /// <param name="now">As for <see cref="Find"/>.</param>
    /// <param name="worker">As for <see cref="Find"/>.</param>
    public EntryReference FindInBurst(TTuple tuple, uint first, uint now = Now, int worker = 0)
    {
        const int count = 32;
        TTuple* tuples = stackalloc TTuple[count];
        ulong* hashes = stackalloc ulong[count];
        uint* references = stackalloc uint[count];
        int place = (int)(first % count);
        for (int position = 0; position < count; position++)
        {
            tuples[position] = position == place ? tuple : TFamily.Numbered(first + (uint)position);
            hashes[position] = Table->Hash(tuples + position);
        }

        TupleArrays<TTuple> burst = new() { Tuples = tuples, Hashes = hashes, References = references };
        Table->FindBurst(burst, count, now, Memory.Slot(worker));
        return new EntryReference(references[place]);
    }

    public bool Remove(uint index, int worker = 0) => Table->TryRemove(Memory.Slot(worker), index, Word(index));

    /// <summary>All workers pass a quiescent point and take back what is free.</summary>
    public void QuiesceAll()
    {
        // Twice: the first reclaim ends the epoch, the second finds everybody beyond it.
        for (int round = 0; round < 2; round++)
        {
            for (int worker = 0; worker < Memory.Size.Workers; worker++)
            {
                Table->Quiescence->Quiescent(worker);
                Table->Reclaim(Memory.Slot(worker));
            }
        }
    }

    /// <summary>Does the workers' part of a resize.</summary>
    public void MoveAll(int worker = 0)
    {
        while (Table->IsResizing)
        {
            Assert.NotEqual(0u, Table->MoveStep());
        }

        Table->Quiescence->Quiescent(worker);
    }

    /// <summary>The buckets of a tuple's probe sequence, in order, computed from the documented rule.</summary>
    public uint[] ProbeSequence(ulong hash) => ProbeSequence(Table->View->Current, hash);

    private static uint ProbesOf(in BucketArray array) => Math.Min(array.Count / StripeLocks.Count, BucketArray.ProbesMax);

    private static uint[] ProbeSequence(in BucketArray array, ulong hash)
    {
        uint[] sequence = new uint[ProbesOf(array)];
        ulong bucket = hash % array.Count;
        ulong step = ((hash >> 32) % 65536 | 1) * StripeLocks.Count;
        for (int probe = 0; probe < sequence.Length; probe++)
        {
            sequence[probe] = (uint)bucket;
            bucket = (bucket + step) % array.Count;
        }

        return sequence;
    }

    /// <summary>Places that are taken, over all buckets.</summary>
    public int OccupiedPlaces()
    {
        int occupied = 0;
        for (uint bucket = 0; bucket < Memory.BucketCount; bucket++)
        {
            occupied += OccupiedIn(bucket);
        }

        return occupied;
    }

    public int OccupiedIn(uint bucket)
    {
        int occupied = 0;
        for (int place = 0; place < Bucket.Places; place++)
        {
            occupied += Buckets[bucket].Tags[place] != 0 ? 1 : 0;
        }

        return occupied;
    }

    /// <summary>Walks every bucket: references name confirmed entries under the right tag and in the right sequence, none is in two
    /// places, overflow counts are what the places imply, no lock is held, and the counters agree with the walk.</summary>
    public void AssertConsistent()
    {
        HashSet<uint> references = [];
        Walk(Table->View->Current, references);
        if (Table->View->Previous.Buckets != null)
        {
            Walk(Table->View->Previous, references);
        }

        Assert.Equal(2 * Memory.Count(), references.Count);
        Assert.Equal(0, LocksHeld());
    }

    private void Walk(in BucketArray array, HashSet<uint> references)
    {
        int[,] passages = new int[array.Count, Bucket.Classes];
        for (uint number = 0; number < array.Count; number++)
        {
            Bucket* bucket = array.Buckets + number;
            for (int place = 0; place < Bucket.Places; place++)
            {
                if (bucket->Tags[place] == 0)
                {
                    continue;
                }

                EntryReference reference = new(bucket->References[place]);
                Assert.True(references.Add(reference.Value), $"entry {reference.Index} stands in two places");
                TTuple tuple = Tuple(reference.Index, reference.Direction);
                ulong hash = Hash(tuple);
                Assert.Equal(TupleHash.Tag(hash), bucket->Tags[place]);
                Assert.True(Word(reference.Index).IsLive, $"entry {reference.Index} stands in bucket {number} and is not live");
                uint[] sequence = ProbeSequence(array, hash);
                int position = Array.IndexOf(sequence, number);
                Assert.True(position >= 0, $"entry {reference.Index} stands outside its probe sequence");
                for (int passed = 0; passed < position; passed++)
                {
                    passages[sequence[passed], (int)(hash >> 48) % Bucket.Classes]++;
                }
            }
        }

        for (uint number = 0; number < array.Count; number++)
        {
            for (int kind = 0; kind < Bucket.Classes; kind++)
            {
                Assert.Equal(passages[number, kind], array.Buckets[number].Passages[kind]);
            }
        }
    }

    /// <summary>Stripe locks, and the pool's, that somebody holds.</summary>
    public int LocksHeld()
    {
        int* locks = (int*)Private("_locks");
        int held = *(int*)Memory.Pool;
        for (int index = 0; index < StripeLocks.Count; index++)
        {
            held += locks[index];
        }

        return held;
    }

    /// <summary>A pointer field of the table that is none of the callers' business.</summary>
    public void* Private(string field)
    {
        FieldInfo info = typeof(ConntrackTable<TTuple>).GetField(field, BindingFlags.NonPublic | BindingFlags.Instance)!;
        return Pointer.Unbox(info.GetValue(*Table)!);
    }

    /// <summary>Numbers, from <paramref name="first"/> on, whose original tuple begins its probe sequence where <paramref name="wanted"/> says.</summary>
    public uint[] NumbersWhere(Predicate<ulong> wanted, int count, uint first = 0)
    {
        uint[] numbers = new uint[count];
        int found = 0;
        for (uint number = first; found < count; number++)
        {
            if (wanted(Hash(TFamily.Numbered(number))))
            {
                numbers[found++] = number;
            }
        }

        return numbers;
    }

    /// <summary>The same tuple in another zone.</summary>
    public static TTuple InZone(TTuple tuple, ushort zone)
    {
        // Both families end in zone, protocol and kind.
        *(ushort*)((byte*)&tuple + sizeof(TTuple) - 4) = zone;
        Assert.Equal(zone, Entry<TTuple>.Zone((byte*)&tuple));
        return tuple;
    }

    public void Dispose() => Memory.Dispose();
}
