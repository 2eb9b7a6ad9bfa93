using System.Runtime.InteropServices;
using Dataplane.Packet;

namespace Dataplane.Datapath;

/// <summary>What became of a worker's packets; native, written by one worker with plain stores, read by anyone.</summary>
/// <remarks>
/// Over all workers and at rest: Received + Made = Transmitted + Consumed + dropped + (HeldIn - HeldOut). A packet that
/// waits for a
/// neighbour or in a hand-over ring is held; the worker that takes it out counts it out.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct WorkerCounters
{
    /// <summary>Room for drop reasons; more than there are.</summary>
    public const int DropsMax = 128;

    public ulong Received;

    /// <summary>Packets that the router itself made.</summary>
    public ulong Made;
    public ulong Transmitted;

    /// <summary>Packets whose purpose was the router: ARP replies, mostly.</summary>
    public ulong Consumed;
    public ulong HeldIn;
    public ulong HeldOut;
    public ulong Polls;
    public ulong EmptyPolls;

    /// <summary>Lookups that found an entry.</summary>
    public ulong Found;

    /// <summary>Connections opened.</summary>
    public ulong Opened;

    /// <summary>Packets the router wanted to make and had no buffer for.</summary>
    public ulong NoBuffer;

    /// <summary>Methods the JIT compiled on the worker's thread since its loop began: 0, or the warm-up forgot
    /// something.</summary>
    public ulong CompiledMethods;

    /// <summary>Bytes the worker's thread allocated since its loop began: 0.</summary>
    public ulong AllocatedBytes;

    /// <summary>By <see cref="DropReason"/>.</summary>
    public fixed ulong Drops[DropsMax];

    /// <summary>All drops.</summary>
    public readonly ulong Dropped
    {
        get
        {
            ulong sum = 0;
            for (int reason = 1; reason < DropsMax; reason++)
            {
                sum += Drops[reason];
            }

            return sum;
        }
    }
}
