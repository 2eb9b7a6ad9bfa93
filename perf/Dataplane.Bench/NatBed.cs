using System;
using System.Collections.Generic;
using Dataplane.Conntrack;
using Dataplane.Datapath;
using Dataplane.Nat;
using Dataplane.Os;
using Dataplane.Packet;

namespace Dataplane.Bench;

/// <summary>What the ports of a <see cref="NatBed"/> generate.</summary>
internal enum NatBedTraffic
{
    /// <summary>Packets of connections that are open, without end.</summary>
    Established,

    /// <summary>Every connection's first packet, once, on every worker its equal part of them; none is open.</summary>
    Opening,

    /// <summary>SYN segments from random sources without end, on the first worker, while open connections fill the table.</summary>
    Flood,
}

/// <summary>A router between two generator ports with established SNAT connections, ready to be measured.</summary>
internal sealed unsafe class NatBed : IDisposable
{
    private const int PortsPerHost = 63;

    /// <summary>Entries beyond the connections, so that what is measured never meets the table's limit.</summary>
    private const uint SpareEntries = 65536;
    private const int OrderPackets = 1 << 22;
    private const int FloodPackets = 1 << 20;

    /// <summary>Bytes by which acknowledgments stay behind where another worker sends what is acknowledged: what it has generated it may
    /// not have tracked.</summary>
    private const uint AcknowledgmentLag = 32 * 1024;

    private static readonly MacAddress s_lanMac = MacAddress.Parse("02:00:00:00:00:01");
    private static readonly MacAddress s_wanMac = MacAddress.Parse("02:00:00:00:00:02");
    private static readonly MacAddress s_peerMac = MacAddress.Parse("02:00:00:00:01:01");

    private readonly Plan* _plan;
    private readonly List<FlowOrder> _orders = [];
    private readonly uint[] _outsideAddress;
    private readonly ushort[] _outsidePort;
    private readonly bool _isTcp;
    private readonly MappedMemory? _sequences;
    private readonly MappedMemory? _unseenSequences;
    private long _badPackets;

    /// <param name="flows">Connections.</param>
    /// <param name="workers">1, or 2.</param>
    /// <param name="hugepages">Whether the table asks for them.</param>
    /// <param name="accounting">Whether packets and bytes are counted per connection.</param>
    /// <param name="isTcp">Segments instead of datagrams.</param>
    /// <param name="traffic">What is to be measured. A flood is of segments.</param>
    /// <exception cref="ArgumentException">A flood of datagrams.</exception>
    public NatBed(
        int flows, int workers, bool hugepages, bool accounting, bool isTcp, NatBedTraffic traffic = NatBedTraffic.Established)
    {
        bool isFlood = traffic == NatBedTraffic.Flood;
        if (isFlood && !isTcp)
        {
            throw new ArgumentException("a flood is of segments", nameof(isTcp));
        }

        Flows = flows;
        _isTcp = isTcp;
        _outsideAddress = new uint[flows];
        _outsidePort = new ushort[flows];
        _plan = BuildPlan(accounting);

        // First packets all come in by the inside port, and every worker has to poll it.
        int receiveQueues = traffic == NatBedTraffic.Opening ? workers : 1;
        QueueAssignment assignment = new([new PortQueues(receiveQueues, workers), new PortQueues(receiveQueues, workers)], workers);
        ConntrackSize size = new((uint)flows + (isFlood ? 0 : SpareEntries), workers, hugepages);
        Router = new Router(_plan, size, assignment);
        _sequences = isTcp ? MappedMemory.Allocate((long)flows * 2 * sizeof(uint), true) : null;
        _unseenSequences = isTcp ? MappedMemory.Allocate((long)flows * 2 * sizeof(uint), true) : null;
        Ports = new GeneratorPort[workers];
        Workers = new Worker<GeneratorEnvironment>[workers];
        for (int worker = 0; worker < workers; worker++)
        {
            Ports[worker] = new GeneratorPort();
            Ports[worker].AcknowledgmentLag = workers == 1 ? 0u : AcknowledgmentLag;
            WriteTemplate(Ports[worker].Template, s_lanMac, isTcp);
            WriteTemplate(Ports[worker].Template + 64, s_wanMac, isTcp);
            Workers[worker] = new Worker<GeneratorEnvironment>(Router, worker, new GeneratorEnvironment(Ports[worker]));
        }

        ShowToRouter(true);
        ResolveNeighbours();
        if (traffic == NatBedTraffic.Opening)
        {
            SetFirstPackets();
            return;
        }

        Open();
        if (isFlood)
        {
            SetFlood();
        }
    }

    public int Flows { get; }

    public Router Router { get; }

    public GeneratorPort[] Ports { get; }

    public Worker<GeneratorEnvironment>[] Workers { get; }

    /// <summary>Transmitted packets whose translation or checksums were wrong while they were inspected.</summary>
    public long BadPackets => _badPackets;

    /// <summary>Packets that the router will not see, while only the port is measured, must not take up sequence numbers.</summary>
    public void ShowToRouter(bool isShown)
    {
        foreach (GeneratorPort port in Ports)
        {
            MappedMemory? sequences = isShown ? _sequences : _unseenSequences;
            port.Sequences = sequences is null ? null : (uint*)sequences.Address;
        }
    }

    public void Dispose()
    {
        Router.Dispose();
        PlanBuilder.Free(_plan);
        foreach (FlowOrder order in _orders)
        {
            order.Dispose();
        }

        foreach (GeneratorPort port in Ports)
        {
            port.Dispose();
        }

        _sequences?.Dispose();
        _unseenSequences?.Dispose();
    }

    private static Plan* BuildPlan(bool accounting)
    {
        PlanBuilder builder = new() { Accounting = accounting };
        builder.AddPort(
            new RouterPort { Mac48 = s_lanMac.Raw48, MtuBytes = 1500, DevicePort = 0 }, [(Ipv4Address.Parse("192.168.0.1"), 24)]);
        builder.AddPort(
            new RouterPort { Mac48 = s_wanMac.Raw48, MtuBytes = 1500, DevicePort = 1 }, [(Ipv4Address.Parse("198.51.100.2"), 30)]);
        Ipv6Address inside = Ipv6Address.FromIpv4(Ipv4Address.Parse("192.168.0.2"));
        Ipv6Address outside = Ipv6Address.FromIpv4(Ipv4Address.Parse("198.51.100.1"));
        builder.AddRoute(10u << 24, 8, new NextHop { Kind = NextHopKind.Gateway, Port = 0, Gateway = inside });
        builder.AddRoute(0, 0, new NextHop { Kind = NextHopKind.Gateway, Port = 1, Gateway = outside });
        ushort pool = builder.AddPool([new AddressRange { First = Ipv4Address.Parse("203.0.113.0").Host, Count = 256 }], 1024, 65535);
        RuleMatch match = RuleMatch.Any;
        match.InPorts = 1;
        match.OutPorts = 2;
        builder.SourceRules.Add(new SourceRule { Match = match, Action = SourceAction.Pool, Pool = pool });
        builder.FilterDefault = FilterVerdict.Drop;
        builder.FilterRules.Add(new FilterRule { Match = match, Verdict = FilterVerdict.Accept });
        return builder.Build();
    }

    /// <summary>60 bytes: Ethernet, IPv4, UDP with 18 or TCP with 6 bytes of payload, which begin with the flow's number.</summary>
    private static void WriteTemplate(byte* template, MacAddress router, bool isTcp)
    {
        EthernetHeader* frame = (EthernetHeader*)template;
        frame->Destination = router;
        frame->Source = s_peerMac;
        frame->EtherType = Be16.FromHost(EtherType.Ipv4);
        Ipv4Header* ip = (Ipv4Header*)(frame + 1);
        ip->VersionAndLength = Ipv4Header.VersionAndLengthPlain;
        ip->TotalLengthBytes = Be16.FromHost(46);
        ip->Ttl = 64;
        if (isTcp)
        {
            ip->Protocol = IpProtocol.Tcp;
            ((TcpHeader*)(ip + 1))->OffsetAndReserved = 0x50;
            ((TcpHeader*)(ip + 1))->Window = Be16.FromHost(ushort.MaxValue);
        }
        else
        {
            ip->Protocol = IpProtocol.Udp;
            ((UdpHeader*)(ip + 1))->LengthBytes = Be16.FromHost(26);
        }
    }

    /// <summary>Flags of the segments that a port generates from now on.</summary>
    private void SetFlags(int port, TcpFlags flags)
    {
        foreach (GeneratorPort generator in Ports)
        {
            if (_isTcp)
            {
                ((TcpHeader*)(generator.Template + port * 64 + EthernetHeader.SizeBytes + Ipv4Header.SizeBytes))->Flags = flags;
            }
        }
    }

    private void ResolveNeighbours()
    {
        foreach ((byte port, string address) in new[] { ((byte)0, "192.168.0.2"), ((byte)1, "198.51.100.1") })
        {
            uint index = Router.Neighbours->FindOrAdd(_plan, port, Ipv6Address.FromIpv4(Ipv4Address.Parse(address)));
            Router.Neighbours->Set(_plan, index, s_peerMac.Raw48, NeighbourState.Reachable);

            // The generator answers no ARP: the neighbour is believed for the length of the run.
            Router.Neighbours->Record(index)->DueNanoseconds = long.MaxValue;
        }
    }

    /// <summary>Opens every flow with a real first packet, TCP with a handshake, learns its translation, answers it, and checks
    /// both directions.</summary>
    private void Open()
    {
        SetFlags(0, TcpFlags.Syn);
        PacketDescriptor[] originals = new PacketDescriptor[Flows];
        for (int flow = 0; flow < Flows; flow++)
        {
            originals[flow] = FirstPacket(flow);
        }

        RunOnce(0, originals);
        SetFlags(1, TcpFlags.Syn | TcpFlags.Ack);
        PacketDescriptor[] replies = new PacketDescriptor[Flows];
        for (int flow = 0; flow < Flows; flow++)
        {
            replies[flow] = Describe(1, new PacketDescriptor
            {
                Source = originals[flow].Destination,
                Destination = Ipv4Address.FromRaw(_outsideAddress[flow]),
                SourcePort = originals[flow].DestinationPort,
                DestinationPort = Be16.FromRaw(_outsidePort[flow]),
                Flow = (uint)flow,
            });
        }

        RunOnce(1, replies);
        SetFlags(0, TcpFlags.Ack);
        SetFlags(1, TcpFlags.Ack);
        originals = Array.ConvertAll(originals, descriptor => Describe(0, descriptor));
        replies = Array.ConvertAll(replies, descriptor => Describe(1, descriptor));
        RunOnce(0, originals);
        RunOnce(1, replies);
        RunOnce(0, originals);
        SetOrders(originals, replies);
    }

    /// <summary>Leaves every connection's first packet to be received, in the order of the flows' numbers.</summary>
    private void SetFirstPackets()
    {
        SetFlags(0, TcpFlags.Syn);
        int share = Flows / Ports.Length;
        for (int worker = 0; worker < Ports.Length; worker++)
        {
            FlowOrder order = new(share);
            for (int flow = 0; flow < share; flow++)
            {
                order.Packets[flow] = FirstPacket(worker * share + flow);
            }

            _orders.Add(order);
            Ports[worker].SetOrder(0, order);
            Ports[worker].Left = share;
        }
    }

    /// <summary>Leaves nothing but SYN segments to be received: random hosts that have no connection, random ports.</summary>
    private void SetFlood()
    {
        const uint firstHost = (10u << 24) + (1u << 23);
        Random random = new(1);
        SetFlags(0, TcpFlags.Syn);
        FlowOrder order = new(FloodPackets);
        for (int position = 0; position < order.Count; position++)
        {
            order.Packets[position] = Describe(0, new PacketDescriptor
            {
                Source = Ipv4Address.FromHost(firstHost + (uint)random.Next(1 << 23)),
                Destination = Ipv4Address.FromHost((20u << 24) + (uint)random.Next(1, 1 << 16)),
                SourcePort = Be16.FromHost((ushort)random.Next(1024, 1 << 16)),
                DestinationPort = Be16.FromHost(443),
                Flow = (uint)(position % Flows), // whose sequence number it takes: read from front to back
            });
        }

        _orders.Add(order);
        Ports[0].SetOrder(0, order);
        for (int worker = 0; worker < Ports.Length; worker++)
        {
            Ports[worker].Orders[1] = null;
        }
    }

    private PacketDescriptor FirstPacket(int flow) => Describe(0, new PacketDescriptor
    {
        Source = Ipv4Address.FromHost((10u << 24) + (uint)(flow / PortsPerHost) + 1),
        Destination = Ipv4Address.FromHost((20u << 24) + (uint)(flow % 16) + 1),
        SourcePort = Be16.FromHost((ushort)(1024 + flow % PortsPerHost)),
        DestinationPort = Be16.FromHost(53),
        Flow = (uint)flow,
    });

    private PacketDescriptor Describe(int port, PacketDescriptor descriptor)
    {
        byte* frame = stackalloc byte[64];
        Buffer.MemoryCopy(Ports[0].Template + port * 64, frame, 64, 64);
        Ipv4Header* ip = (Ipv4Header*)(frame + EthernetHeader.SizeBytes);
        ip->Source = descriptor.Source;
        ip->Destination = descriptor.Destination;
        UdpHeader* udp = (UdpHeader*)(ip + 1);
        udp->SourcePort = descriptor.SourcePort;
        udp->DestinationPort = descriptor.DestinationPort;
        *FlowNumber(ip) = descriptor.Flow;
        Checksum.SetIpv4Header(ip);
        Checksum.SetL4(ip, (byte*)udp, 26);
        descriptor.Ipv4Checksum = ip->Checksum;
        descriptor.L4Checksum = _isTcp ? ((TcpHeader*)udp)->Checksum : udp->Checksum;
        return descriptor;
    }

    private static uint* FlowNumber(Ipv4Header* ip) =>
        (uint*)((byte*)(ip + 1) + (ip->Protocol == IpProtocol.Tcp ? TcpHeader.SizeBytes : UdpHeader.SizeBytes));

    private void RunOnce(int port, PacketDescriptor[] packets)
    {
        using FlowOrder order = new(packets.Length);
        for (int index = 0; index < packets.Length; index++)
        {
            order.Packets[index] = packets[index];
        }

        GeneratorPort generator = Ports[0];
        generator.Orders[1 - port] = null;
        generator.SetOrder(port, order);
        generator.Left = packets.Length;
        generator.Inspect = Inspect;
        ReceiveQueue queue = new() { Port = (byte)port, Queue = 0 };
        WorkerContext* context = Router.Context(0);

        // The opening runs on worker 0 alone, whichever worker polls the port later.
        (int savedCount, ReceiveQueue saved) = (context->ReceiveQueueCount, context->ReceiveQueues[0]);
        (context->ReceiveQueueCount, context->ReceiveQueues[0]) = (1, queue);
        Workers[0].GoOnline();
        while (generator.Left > 0)
        {
            Workers[0].Poll();
        }

        Router.Conntrack.Table->Quiescence->GoOffline(0);
        (context->ReceiveQueueCount, context->ReceiveQueues[0]) = (savedCount, saved);
        generator.Left = -1;
        generator.Inspect = null;
        generator.Orders[port] = null;
    }

    private void Inspect(int port, nint address)
    {
        Mbuf* packet = (Mbuf*)address;
        Ipv4Header* ip = (Ipv4Header*)(packet->Data + EthernetHeader.SizeBytes);
        UdpHeader* udp = (UdpHeader*)(ip + 1);
        uint flow = *FlowNumber(ip);
        if (!Checksum.VerifyIpv4Header(ip, Ipv4Header.SizeBytes) || !Checksum.VerifyL4(ip, ip->Protocol, (byte*)udp, 26) || ip->Ttl != 63)
        {
            _badPackets++;
        }

        if (port == 1)
        {
            _outsideAddress[flow] = ip->Source.Raw;
            _outsidePort[flow] = udp->SourcePort.Raw;
        }
        else if (ip->Destination.Host != (10u << 24) + flow / PortsPerHost + 1)
        {
            _badPackets++;
        }
    }

    private void SetOrders(PacketDescriptor[] originals, PacketDescriptor[] replies)
    {
        // Half of the packets are replies. With two workers each direction is on one worker.
        for (int port = 0; port < 2; port++)
        {
            FlowOrder order = new(OrderPackets);
            order.Draw(port == 0 ? originals : replies, 88172645463325252ul + (ulong)port);
            _orders.Add(order);
            Ports[port % Ports.Length].SetOrder(port, order);
        }
    }
}
