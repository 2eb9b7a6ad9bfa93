using System.Runtime.CompilerServices;
using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Datapath.Stages;

/// <summary>The packets of a family's list, as the table looks them up.</summary>
public readonly unsafe struct TrackedPackets<TFamily, TTuple> : ILookupBurst<TTuple>
    where TFamily : struct, IFamily<TTuple>
    where TTuple : unmanaged
{
    private readonly WorkerContext* _context;
    private readonly PacketMeta* _metas;
    private readonly int* _positions;

    public TrackedPackets(WorkerContext* context, int* positions)
    {
        _context = context;
        _metas = context->Metas;
        _positions = positions;
    }

    /// <summary>For TCP's windows, whether packets are counted or not.</summary>
    public bool NeedsTails => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Hash(int position) => _metas[_positions[position]].Hash;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TTuple* Tuple(int position) => TFamily.Tuple(_context, _metas + _positions[position]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint* Reference(int position) => &_metas[_positions[position]].Reference;
}
