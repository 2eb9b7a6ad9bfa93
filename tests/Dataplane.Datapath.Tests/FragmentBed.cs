using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Dataplane.Datapath.Fragments;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>A fragment that left the reassembly: the way of any packet would begin here.</summary>
internal readonly record struct Passed(int Number, FragmentPart Part, Ipv4Tuple Tuple, Ipv6Tuple Tuple6);

/// <summary>Reassembly by itself, in a router's memory world: what passes is consumed, and every packet is accounted for.</summary>
internal sealed unsafe class FragmentBed : IDisposable
{
    private readonly RouterBed _bed;
    private readonly byte* _memory;
    private readonly FragmentTables* _before;
    private readonly Dictionary<nint, int> _numbers = [];
    private MemoryEnvironment _environment;

    public FragmentBed(FragmentLimits limits, ulong seed = 1, int buffers = 4096)
    {
        _bed = new RouterBed(Network.Plain(), buffers: buffers);
        _bed.World.Captures = false;
        _environment = new MemoryEnvironment(_bed.World);
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)FragmentTables.MemoryBytes(limits), 64);
        NativeMemory.Clear(_memory, (nuint)FragmentTables.MemoryBytes(limits));
        Context = _bed.Router.Context(0);
        _before = Context->Fragments;
        Context->Fragments = FragmentTables.Create(_memory, limits, seed);
        Advance(0);
    }

    public WorkerContext* Context { get; }

    public FragmentTables* Tables => Context->Fragments;

    /// <summary>What passed since the list was last cleared.</summary>
    public List<Passed> Passed { get; } = [];

    /// <summary>Runs between a first fragment's passing and the release of what waited for it.</summary>
    public Action? Meanwhile { get; set; }

    public ulong Drops(DropReason reason) => Context->Counters->Drops[(int)reason];

    public ulong Dropped => Context->Counters->Dropped;

    public void Advance(double seconds)
    {
        _bed.Advance(seconds);
        Context->NowNanoseconds = _bed.World.NowNanoseconds;
    }

    /// <summary>Receives one frame and takes it through.</summary>
    /// <param name="frame">A fragment.</param>
    /// <param name="number">To know it by in <see cref="Passed"/>.</param>
    public void Send(byte[] frame, int number = 0)
    {
        _bed.World.Inject(Network.Lan, 0, frame);
        Mbuf* packet;
        Assert.Equal(1, _environment.ReceiveBurst(Network.Lan, 0, &packet, 1));
        Context->Counters->Received++;
        PacketMeta meta;
        Ipv6Tuple tuple6;
        DropReason reason = PacketParser.Parse<VerifyL4Checksums>(packet, Network.Lan, 0, &meta, &tuple6);
        Assert.Equal(DropReason.None, reason);
        Assert.True(meta.Kind is PacketKind.Ipv4Fragment or PacketKind.Ipv6Fragment);
        _numbers[(nint)packet] = number;
        Take(packet, &meta, &tuple6);
    }

    /// <summary>Sweeps every set once.</summary>
    public void Maintain()
    {
        for (int round = 0; round < 64; round++)
        {
            Reassembly.Maintain(Context, ref _environment);
        }

        PacketSink.Flush(Context, ref _environment);
        _bed.Check();
    }

    public void Check()
    {
        PacketSink.Flush(Context, ref _environment);
        _bed.Check();
        Assert.Equal((ulong)Tables->Held, Context->Counters->HeldIn - Context->Counters->HeldOut);
    }

    public void Dispose()
    {
        Check();
        Reassembly.Drain(Context, ref _environment);
        Assert.Equal(0, Tables->Held);
        Assert.Equal(0, Tables->Ipv4.Used);
        Assert.Equal(0, Tables->Ipv6.Used);
        Check();
        Assert.Equal(0, _bed.World.WithRouter);
        Context->Fragments = _before;
        NativeMemory.AlignedFree(_memory);
        _bed.Dispose();
    }

    private void Take(Mbuf* packet, PacketMeta* meta, Ipv6Tuple* tuple6)
    {
        FragmentRelease release;
        if (!Reassembly.Accept(Context, ref _environment, packet, meta, tuple6, &release))
        {
            return;
        }

        do
        {
            bool isIpv6 = meta->Kind == PacketKind.Ipv6Tracked;
            Passed.Add(new Passed(_numbers[(nint)packet], meta->Fragment, meta->Tuple, isIpv6 ? *tuple6 : default));
            PacketSink.Consume(Context, ref _environment, packet);
            Action? meanwhile = Meanwhile;
            Meanwhile = null;
            meanwhile?.Invoke();
        }
        while (Reassembly.TryNext(Context, ref _environment, meta, tuple6, &release, out packet));
    }
}
