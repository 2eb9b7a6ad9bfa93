using System;
using Dataplane.Conntrack;
using Dataplane.Os;

namespace Dataplane.Bench.Tables;

/// <summary>A table of a certain shape, to be filled and measured.</summary>
internal sealed unsafe class TableBed<TTuple, TFamily> : IDisposable
    where TTuple : unmanaged
    where TFamily : struct, ITupleFamily<TTuple>
{
    private const int FillBatch = 64;

    private readonly MappedMemory _numbers;

    /// <param name="shape">Connections and buckets.</param>
    /// <param name="workers">Slots.</param>
    /// <param name="spare">Connections beyond the shape's that may be open at once: at least what workers hold in credits that they do
    /// not need.</param>
    /// <exception cref="OsException">The memory cannot be had.</exception>
    public TableBed(TableShape shape, int workers, uint spare = 1024)
    {
        Shape = shape;
        Workers = workers;
        _numbers = MappedMemory.Allocate((long)(shape.Entries + FillBatch) * sizeof(uint), false);
        try
        {
            Memory = new ConntrackMemory<TTuple>(
                new ConntrackSize(shape.Entries, workers, true) { Buckets = shape.Buckets, Capacity = shape.Entries + spare });
            Memory.TrySetEntriesMax(shape.Entries + spare);
        }
        catch (OsException)
        {
            _numbers.Dispose();
            throw;
        }
    }

    public TableShape Shape { get; }

    public int Workers { get; }

    public ConntrackMemory<TTuple> Memory { get; }

    public ConntrackTable<TTuple>* Table => Memory.Table;

    /// <summary>The numbers of the connections that <see cref="Fill"/> opened; as many as the shape has.</summary>
    public uint* Numbers => (uint*)_numbers.Address;

    /// <summary>Connections that found no place while the table was filled, others in their stead.</summary>
    public uint Refused { get; private set; }

    /// <summary>Opens connections until the shape's number is reached.</summary>
    /// <exception cref="InvalidOperationException">The buckets do not take so many.</exception>
    public void Fill()
    {
        WorkerSlot* slot = Memory.Slot(0);
        TuplePair<TTuple>* pairs = stackalloc TuplePair<TTuple>[FillBatch];
        uint* indexes = stackalloc uint[FillBatch];
        Table->Quiescence->GoOnline(0);
        uint open = 0;
        for (uint next = 0; open < Shape.Entries; next += FillBatch)
        {
            int count = (int)Math.Min(FillBatch, Shape.Entries - open);
            for (int position = 0; position < count; position++)
            {
                pairs[position] = TuplePairs<TTuple, TFamily>.Of(next + (uint)position);
            }

            InsertPasses<TTuple>.Run(Table, slot, pairs, count, indexes);
            for (int position = 0; position < count; position++)
            {
                Numbers[open] = next + (uint)position;
                open += indexes[position] != 0 ? 1u : 0u;
                Refused += indexes[position] == 0 ? 1u : 0u;
            }

            if (Refused > Shape.Entries)
            {
                throw new InvalidOperationException($"the table refuses connections at {open:N0} of {Shape.Entries:N0}");
            }
        }

        Table->Quiescence->GoOffline(0);
    }

    /// <summary>Connections, of those that <see cref="Fill"/> opened, of which a tuple is not found, or leads to another entry than
    /// the other tuple does; after this the count agrees, or there is one more.</summary>
    public long CountWrong()
    {
        long wrong = Memory.Count() == Shape.Entries ? 0 : 1;
        for (uint position = 0; position < Shape.Entries; position++)
        {
            wrong += IsFound(Numbers[position]) ? 0 : 1;
        }

        return wrong;
    }

    /// <summary>Whether both tuples of a connection lead to its entry.</summary>
    public bool IsFound(uint number)
    {
        TTuple original = TFamily.Original(number);
        TTuple reply = TFamily.Reply(number);
        EntryReference forth = Find(&original);
        EntryReference back = Find(&reply);
        return !forth.IsNone && forth.Index == back.Index && forth.Direction == Direction.Original && back.Direction == Direction.Reply;
    }

    /// <summary>The table's own search for one tuple.</summary>
    public EntryReference Find(TTuple* tuple) =>
        Table->Find(tuple, Table->Hash(tuple), InsertPasses<TTuple>.NowSeconds, Memory.Slot(0));

    public void Dispose()
    {
        Memory.Dispose();
        _numbers.Dispose();
    }
}
