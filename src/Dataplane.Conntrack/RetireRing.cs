using System.Runtime.InteropServices;

namespace Dataplane.Conntrack;

/// <summary>A worker's dying entries: out of the table, and not to be reused before everybody has forgotten them.</summary>
/// <remarks>
/// A ring in order of retirement, written by its worker only. An entry is sealed with an epoch at the end of the poll that retired it
/// and is free when every worker has seen that epoch (<see cref="Quiescence"/>).
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct RetireRing
{
    /// <summary>Entries that one worker may have waiting for their grace period.</summary>
    public const int Capacity = 8192;

    /// <summary>Bytes of the ring's memory.</summary>
    public const int MemoryBytes = Capacity * (sizeof(uint) + sizeof(ulong));

    private ulong* _epochs;
    private uint* _indexes;
    private uint _head;
    private uint _sealed;
    private uint _tail;

    /// <summary>Entries waiting.</summary>
    public readonly uint Count => _tail - _head;

    /// <summary>Room for further entries before the next quiescent point.</summary>
    public readonly uint Room => Capacity - Count;

    internal void Initialize(byte* memory)
    {
        _epochs = (ulong*)memory;
        _indexes = (uint*)(memory + Capacity * sizeof(ulong));
    }

    /// <summary>Takes an unlinked entry in; the caller has seen <see cref="Room"/>.</summary>
    internal void Add(uint index) => _indexes[_tail++ & (Capacity - 1)] = index;

    /// <summary>Ends the epoch for what was added since the last call.</summary>
    internal void Seal(Quiescence* quiescence)
    {
        if (_sealed == _tail)
        {
            return;
        }

        ulong epoch = quiescence->Advance();
        for (; _sealed != _tail; _sealed++)
        {
            _epochs[_sealed & (Capacity - 1)] = epoch;
        }
    }

    /// <summary>The entry that many steps behind the oldest, for a prefetch; any index if there are fewer.</summary>
    internal readonly uint Ahead(uint steps) => _indexes[_head + steps & (Capacity - 1)];

    /// <summary>Takes out the oldest entry if everybody has seen its epoch.</summary>
    /// <param name="passed">The oldest epoch that a worker may still be in.</param>
    /// <param name="index">The entry.</param>
    internal bool TryTake(ulong passed, out uint index)
    {
        uint slot = _head & (Capacity - 1);
        index = _indexes[slot];
        if (_head == _sealed || _epochs[slot] > passed)
        {
            return false;
        }

        _head++;
        return true;
    }
}
