namespace Dataplane.Conntrack;

/// <summary>Where the keys of a burst stand and where what was found goes.</summary>
/// <remarks>Implemented by structs with inlined members, so that all of it folds into the passes of
/// <see cref="ConntrackTable{TTuple}.FindBurst{TBurst}"/>.</remarks>
public unsafe interface ILookupBurst<TTuple>
    where TTuple : unmanaged
{
    /// <summary>Whether the entries' last lines will be needed, for accounting or windows.</summary>
    bool NeedsTails { get; }

    /// <summary>The keyed hash of a position's tuple; its first bucket has been asked for.</summary>
    ulong Hash(int position);

    /// <summary>A position's tuple.</summary>
    TTuple* Tuple(int position);

    /// <summary>Where a position's <see cref="EntryReference.Value"/> goes.</summary>
    uint* Reference(int position);
}
