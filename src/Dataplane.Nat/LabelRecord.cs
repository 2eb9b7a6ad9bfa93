using Dataplane.Conntrack;

namespace Dataplane.Nat;

/// <summary>A connection's label in its side record: few connections have one, so that entries have no room for it.</summary>
public static unsafe class LabelRecord
{
    /// <summary>Keeps a label with an entry that the caller is building.</summary>
    /// <param name="table">The entry's.</param>
    /// <param name="worker">The calling worker.</param>
    /// <param name="index">Of the entry, not yet inserted and without a label.</param>
    /// <param name="label">An empty one takes no record.</param>
    /// <returns>False when no side record is left.</returns>
    public static bool TryAttach<TTuple>(ConntrackTable<TTuple>* table, WorkerSlot* worker, uint index, ConnectionLabel label)
        where TTuple : unmanaged
    {
        if (label.IsEmpty)
        {
            return true;
        }

        if (!table->TryTakeSide(worker, SideKind.Label, out uint side))
        {
            return false;
        }

        *(ConnectionLabel*)table->SideAt(side)->Data = label;
        return table->TryAttachSide(index, side);
    }

    /// <summary>The label of an entry that the caller found in this burst; empty if it has none.</summary>
    public static ConnectionLabel Read<TTuple>(ConntrackTable<TTuple>* table, byte* entry)
        where TTuple : unmanaged
    {
        SideRecord* record = table->Side(entry, SideKind.Label);
        return record == null ? default : *(ConnectionLabel*)record->Data;
    }

    /// <summary>The label of an entry that a dump has copied; empty if it has none or has gone meanwhile.</summary>
    public static ConnectionLabel Copy<TTuple>(ConntrackTable<TTuple>* table, uint index, byte* copy)
        where TTuple : unmanaged =>
        table->TryCopySide(index, copy, SideKind.Label, out SideRecord record) ? *(ConnectionLabel*)record.Data : default;
}
