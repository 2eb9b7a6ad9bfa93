using System;
using System.Collections.Generic;
using Dataplane.Packet;
using Dataplane.TestKit;

namespace Dataplane.Datapath.Tests.Fuzz;

/// <summary>Buffers in front of pages that nobody may touch, in use by a router or free; one thread at a time.</summary>
internal sealed unsafe class GuardedBuffers : IDisposable
{
    private readonly List<GuardedMbuf> _all = [];
    private readonly Stack<GuardedMbuf> _free = [];
    private readonly Dictionary<nint, (GuardedMbuf Guarded, nint Original)> _used = [];

    /// <summary>Puts a world's buffer aside and gives its frame, the page without access right behind it, to the router.</summary>
    public Mbuf* Guard(Mbuf* original) => Take(original, MbufPool.Bytes(original));

    /// <summary>The same for an empty buffer, behind whose data room the page begins.</summary>
    public Mbuf* GuardEmpty(Mbuf* original)
    {
        Mbuf* mbuf = Take(original, stackalloc byte[MbufPool.DataRoomBytes]);
        mbuf->DataLength = 0;
        mbuf->PacketLength = 0;
        return mbuf;
    }

    /// <summary>The world's buffer of a router's, with what the router made of the frame.</summary>
    public Mbuf* OriginalOf(Mbuf* mbuf)
    {
        Mbuf* original = (Mbuf*)_used[(nint)mbuf].Original;
        original->DataOffset = Mbuf.HeadroomBytes;
        (original->DataLength, original->PacketLength, original->SegmentCount) = (mbuf->DataLength, mbuf->PacketLength, mbuf->SegmentCount);
        MbufPool.Bytes(mbuf).CopyTo(MbufPool.Bytes(original));
        return original;
    }

    /// <summary>Ends a router's hold on a buffer.</summary>
    public void Release(Mbuf* mbuf)
    {
        _used.Remove((nint)mbuf, out (GuardedMbuf Guarded, nint Original) used);
        _free.Push(used.Guarded);
    }

    /// <summary>Forgets what a router that is gone still held.</summary>
    public void ReleaseAll()
    {
        foreach ((GuardedMbuf guarded, _) in _used.Values)
        {
            _free.Push(guarded);
        }

        _used.Clear();
    }

    public void Dispose() => _all.ForEach(guarded => guarded.Dispose());

    private Mbuf* Take(Mbuf* original, ReadOnlySpan<byte> bytes)
    {
        if (!_free.TryPop(out GuardedMbuf? guarded))
        {
            guarded = new GuardedMbuf();
            _all.Add(guarded);
        }

        Mbuf* mbuf = guarded.Load(bytes, original->Flags);
        mbuf->Port = original->Port;
        mbuf->VlanTci = original->VlanTci;
        _used.Add((nint)mbuf, (guarded, (nint)original));
        return mbuf;
    }
}

/// <summary>A memory world whose buffers reach the router guarded.</summary>
internal readonly unsafe struct GuardedEnvironment(MemoryWorld world, GuardedBuffers buffers) : IEnvironment
{
    private readonly MemoryEnvironment _inner = new(world);

    public int ReceiveBurst(ushort port, ushort queue, Mbuf** packets, int count)
    {
        int received = _inner.ReceiveBurst(port, queue, packets, count);
        for (int index = 0; index < received; index++)
        {
            packets[index] = buffers.Guard(packets[index]);
        }

        return received;
    }

    public int TransmitBurst(ushort port, ushort queue, Mbuf** packets, int count)
    {
        Mbuf** originals = stackalloc Mbuf*[count];
        for (int index = 0; index < count; index++)
        {
            originals[index] = buffers.OriginalOf(packets[index]);
        }

        int sent = _inner.TransmitBurst(port, queue, originals, count);
        for (int index = 0; index < sent; index++)
        {
            buffers.Release(packets[index]);
        }

        return sent;
    }

    public Mbuf* Allocate()
    {
        Mbuf* original = _inner.Allocate();
        return original == null ? null : buffers.GuardEmpty(original);
    }

    public void Free(Mbuf** packets, int count)
    {
        Mbuf** originals = stackalloc Mbuf*[count];
        for (int index = 0; index < count; index++)
        {
            originals[index] = buffers.OriginalOf(packets[index]);
            buffers.Release(packets[index]);
        }

        _inner.Free(originals, count);
    }

    public int LookupRoute(Plan* plan, uint destination) => _inner.LookupRoute(plan, destination);

    public int LookupRoute6(Plan* plan, Ipv6Address* destination) => _inner.LookupRoute6(plan, destination);

    public long NowNanoseconds() => _inner.NowNanoseconds();

    public void Relax() => _inner.Relax();

    public void Sleep(long nanoseconds) => _inner.Sleep(nanoseconds);

    public void EndStage(PipelineStage stage)
    {
    }
}
