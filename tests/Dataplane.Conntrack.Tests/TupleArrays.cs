namespace Dataplane.Conntrack.Tests;

/// <summary>A burst whose parts stand in arrays.</summary>
internal unsafe struct TupleArrays<TTuple> : ILookupBurst<TTuple>
    where TTuple : unmanaged
{
    public TTuple* Tuples;
    public ulong* Hashes;
    public uint* References;

    public readonly bool NeedsTails => true;

    public readonly ulong Hash(int position) => Hashes[position];

    public readonly TTuple* Tuple(int position) => Tuples + position;

    public readonly uint* Reference(int position) => References + position;
}
