namespace Dataplane.Conntrack;

/// <remarks>What the interleaving tests save, inspect and give back.</remarks>
public unsafe partial struct ConntrackTable<TTuple>
{
    internal readonly int* LockWords => _locks;

    internal readonly ResizeState* ResizeProgress => _resize;
}
