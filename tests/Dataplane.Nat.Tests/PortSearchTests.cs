using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Dataplane.Conntrack;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Nat.Tests;

/// <summary>Ports: inside their range, never one that is taken or kept back, and nothing that an observer could foretell.</summary>
public sealed unsafe class PortSearchTests : IDisposable
{
    private const uint Now = 1000;

    private readonly ConntrackMemory<Ipv4Tuple> _memory = new(new ConntrackSize(60_000, 1, false));
    private readonly PortRandom* _random = (PortRandom*)NativeMemory.AllocZeroed((nuint)sizeof(PortRandom));
    private readonly AddressRange* _ranges = (AddressRange*)NativeMemory.AllocZeroed(4, (nuint)sizeof(AddressRange));
    private readonly AddressPool* _pool = (AddressPool*)NativeMemory.AllocZeroed((nuint)sizeof(AddressPool));
    private readonly ReservedPorts* _reserved = (ReservedPorts*)NativeMemory.AllocZeroed(4, (nuint)sizeof(ReservedPorts));

    public PortSearchTests() => _random->InitializeFrom(2026);

    [Fact]
    public void Every_port_of_a_small_range_is_used_once_and_then_there_is_none()
    {
        PortSelection selection = One("198.51.100.2", 5000, 5099);
        var ports = new HashSet<ushort>();
        for (int count = 0; count < 100; count++)
        {
            Ipv4Tuple reply = ReplyTo("10.0.0.5", 1000, "192.0.2.9");
            Assert.True(Select(selection, "10.0.0.5", ref reply));
            Assert.Equal(Ipv4Address.Parse("198.51.100.2"), reply.Destination);
            Assert.InRange(reply.DestinationPort.Host, 5000, 5099);
            Assert.True(ports.Add(reply.DestinationPort.Host));
            Occupy(reply, (ushort)count);
        }

        Ipv4Tuple last = ReplyTo("10.0.0.5", 1000, "192.0.2.9");
        Assert.False(Select(selection, "10.0.0.5", ref last));
    }

    [Fact]
    public void The_same_port_serves_other_destinations_protocols_and_zones()
    {
        PortSelection selection = One("198.51.100.2", 5000, 5000);
        Ipv4Tuple reply = ReplyTo("10.0.0.5", 1000, "192.0.2.9");
        Assert.True(Select(selection, "10.0.0.5", ref reply));
        Occupy(reply, 1);

        Ipv4Tuple same = ReplyTo("10.0.0.5", 1000, "192.0.2.9");
        Assert.False(Select(selection, "10.0.0.5", ref same));
        Ipv4Tuple otherAddress = ReplyTo("10.0.0.5", 1000, "192.0.2.10");
        Assert.True(Select(selection, "10.0.0.5", ref otherAddress));
        Ipv4Tuple otherProtocol = ReplyTo("10.0.0.5", 1000, "192.0.2.9");
        otherProtocol.Protocol = IpProtocol.Udp;
        Assert.True(Select(selection, "10.0.0.5", ref otherProtocol));
        Ipv4Tuple otherPort = ReplyTo("10.0.0.5", 1000, "192.0.2.9");
        otherPort.SourcePort = Be16.FromHost(81);
        Assert.True(Select(selection, "10.0.0.5", ref otherPort));
        Ipv4Tuple otherZone = ReplyTo("10.0.0.5", 1000, "192.0.2.9");
        otherZone.Zone = 3;
        Assert.True(Select(selection, "10.0.0.5", ref otherZone));
    }

    [Fact]
    public void A_port_whose_connection_has_expired_is_free()
    {
        PortSelection selection = One("198.51.100.2", 5000, 5000);
        Ipv4Tuple reply = ReplyTo("10.0.0.5", 1000, "192.0.2.9");
        Assert.True(Select(selection, "10.0.0.5", ref reply));
        Occupy(reply, 1, deadline: Now);
        Ipv4Tuple next = ReplyTo("10.0.0.5", 1000, "192.0.2.9");
        Assert.True(Select(selection, "10.0.0.5", ref next));
    }

    [Theory]
    [InlineData((ushort)0, (ushort)65535)]
    [InlineData((ushort)1024, (ushort)65535)]
    [InlineData((ushort)65535, (ushort)65535)]
    [InlineData((ushort)32768, (ushort)32769)]
    public void Ports_stay_in_their_range_and_reach_both_of_its_parts(ushort low, ushort high)
    {
        PortSelection selection = One("198.51.100.2", low, high);
        ushort least = ushort.MaxValue;
        ushort most = 0;
        for (int count = 0; count < 3000; count++)
        {
            Ipv4Tuple reply = ReplyTo("10.0.0.5", 1000, "192.0.2.9");
            Assert.True(Select(selection, "10.0.0.5", ref reply));
            Assert.InRange(reply.DestinationPort.Host, low, high);
            least = Math.Min(least, reply.DestinationPort.Host);
            most = Math.Max(most, reply.DestinationPort.Host);
        }

        int width = high - low;
        Assert.True(least <= low + width / 100);
        Assert.True(most >= high - width / 100);
    }

    [Fact]
    public void A_range_up_to_the_last_port_goes_on_at_its_beginning()
    {
        PortSelection selection = One("198.51.100.2", 65530, 65535);
        var ports = new List<int>();
        for (ushort count = 0; count < 6; count++)
        {
            Ipv4Tuple reply = ReplyTo("10.0.0.5", 1000, "192.0.2.9");
            Assert.True(Select(selection, "10.0.0.5", ref reply));
            ports.Add(reply.DestinationPort.Host);
            Occupy(reply, count);
        }

        Assert.Equal(Enumerable.Range(65530, 6), ports.Order());
    }

    private static ReservedPorts Reserve(string address, ushort low, ushort high, byte protocol = 0)
    {
        uint host = Ipv4Address.Parse(address).Host;
        return new ReservedPorts { AddressLow = host, AddressHigh = host, PortLow = low, PortHigh = high, Protocol = protocol };
    }

    [Fact]
    public void Reserved_ports_of_the_address_and_protocol_are_never_given_out()
    {
        _reserved[0] = Reserve("198.51.100.2", 5000, 5003, IpProtocol.Tcp);
        _reserved[1] = Reserve("198.51.100.2", 5007, 5007);
        _reserved[2] = Reserve("198.51.100.3", 5000, 5009);
        PortSelection selection = One("198.51.100.2", 5000, 5009);
        selection.Reserved = _reserved;
        selection.ReservedCount = 3;
        Assert.Equal([5004, 5005, 5006, 5008, 5009], Drawn(selection, IpProtocol.Tcp));
        Assert.Equal([5000, 5001, 5002, 5003, 5004, 5005, 5006, 5008, 5009], Drawn(selection, IpProtocol.Udp));
        selection.PortLow = 5007;
        selection.PortHigh = 5007;
        Ipv4Tuple reply = ReplyTo("10.0.0.5", 1000, "192.0.2.9");
        Assert.False(Select(selection, "10.0.0.5", ref reply));
    }

    [Theory]
    [InlineData((ushort)1024, (ushort)60_000, (ushort)60_001, (ushort)65_535)]
    [InlineData((ushort)2000, (ushort)65_535, (ushort)1024, (ushort)1999)]
    public void A_reserved_range_longer_than_the_search_does_not_end_it(ushort low, ushort high, ushort least, ushort most)
    {
        _reserved[0] = Reserve("198.51.100.2", low, high);
        PortSelection selection = One("198.51.100.2", 1024, 65535);
        selection.Reserved = _reserved;
        selection.ReservedCount = 1;
        Assert.All(Drawn(selection, IpProtocol.Tcp), port => Assert.InRange(port, least, most));
    }

    [Fact]
    public void A_host_keeps_its_outside_address_and_hosts_spread_over_the_pool()
    {
        PortSelection selection = Pool(1024, 65535, ("203.0.113.0", 8), ("198.51.100.64", 8));
        int[] hosts = new int[16];
        for (uint host = 0; host < 1600; host++)
        {
            Ipv4Address inside = Ipv4Address.FromHost(0x0A00_0000 + host);
            Ipv4Address? kept = null;
            for (int connection = 0; connection < 5; connection++)
            {
                Ipv4Tuple reply = ReplyTo("10.0.0.5", 1000, $"192.0.2.{connection}");
                Assert.True(Select(_random, selection, inside, ref reply));
                Assert.Equal(kept ?? reply.Destination, reply.Destination);
                kept = reply.Destination;
            }

            hosts[PositionOf(kept!.Value)]++;
        }

        // The table's key is drawn at each start, so the bound leaves six standard deviations of sqrt(100).
        Assert.All(hosts, count => Assert.InRange(count, 40, 160));
    }

    [Fact]
    public void A_host_moves_to_the_next_addresses_when_its_own_has_no_port_left()
    {
        PortSelection selection = Pool(5000, 5003, ("203.0.113.0", 3), ("198.51.100.64", 3));
        var used = new Dictionary<Ipv4Address, int>();
        var order = new List<int>();
        for (ushort count = 0; ; count++)
        {
            Ipv4Tuple reply = ReplyTo("10.0.0.5", 1000, "192.0.2.9");
            if (!Select(selection, "10.0.0.5", ref reply))
            {
                break;
            }

            used[reply.Destination] = used.GetValueOrDefault(reply.Destination) + 1;
            order.Add(PositionOf(reply.Destination, 3));
            Occupy(reply, count);
        }

        // Four addresses of four ports: the paired one and the three behind it, around the pool's end.
        Assert.Equal(4, used.Count);
        Assert.All(used.Values, count => Assert.Equal(4, count));
        for (int position = 0; position < order.Count; position++)
        {
            Assert.Equal((order[0] + position / 4) % 6, order[position]);
        }
    }

    /// <summary>Half of the ports are published: the one behind them would otherwise be every second answer.</summary>
    [Fact]
    public void The_port_behind_a_published_range_is_no_likelier_than_another()
    {
        PortSelection selection = One("198.51.100.2", 1000, 1999);
        _reserved[0] = Reserve("198.51.100.2", 1000, 1499);
        selection.Reserved = _reserved;
        selection.ReservedCount = 1;
        int[] bins = new int[10];
        const int draws = 5000;
        for (int count = 0; count < draws; count++)
        {
            Ipv4Tuple reply = ReplyTo("10.0.0.5", 1000, "192.0.2.9");
            Assert.True(Select(selection, "10.0.0.5", ref reply));
            bins[(reply.DestinationPort.Host - 1500) / 50]++;
        }

        PortRandomTests.AssertChiSquare(bins, (double)draws / bins.Length);
    }

    [Fact]
    public void Ports_are_spread_evenly_and_no_connection_tells_the_next()
    {
        PortSelection selection = One("198.51.100.2", 1024, 65535);
        const int draws = 20_000;
        int[] bins = new int[63];
        int[] differences = new int[64];
        int successors = 0;
        int last = 0;
        for (int count = 0; count < draws; count++)
        {
            Ipv4Tuple reply = ReplyTo("10.0.0.5", 1000, "192.0.2.9");
            Assert.True(Select(selection, "10.0.0.5", ref reply));
            int port = reply.DestinationPort.Host;
            bins[(port - 1024) / 1024]++;
            if (count > 0)
            {
                successors += Math.Abs(port - last) <= 1 ? 1 : 0;
                differences[((port - last) & 0xFFFF) / 1024]++;
            }

            last = port;
            Occupy(reply, (ushort)count);
        }

        // A port that is taken gives way to its successor, which draws a few connections together: far less than the bound's width.
        PortRandomTests.AssertChiSquare(bins, (double)draws / bins.Length);

        // By chance 3 in 64,512 neighbours are equal or next: 0.9 in 20,000.
        Assert.InRange(successors, 0, 10);
        Assert.True(differences.Max() < 2 * draws / differences.Length, "the distance from one port to the next is not spread");
    }

    [Fact]
    public void An_sctp_association_keeps_its_port_while_it_is_in_range_and_free()
    {
        PortSelection selection = One("198.51.100.2", 2000, 2999);
        for (int count = 0; count < 3; count++)
        {
            Ipv4Tuple reply = Sctp(2998);
            Assert.True(Select(selection, "10.0.0.5", ref reply));
            Assert.Equal((ushort)(count < 2 ? 2998 + count : 2000), reply.DestinationPort.Host);
            Occupy(reply, (ushort)count);
        }

        var ports = new HashSet<int>();
        for (int count = 0; count < 50; count++)
        {
            Ipv4Tuple reply = Sctp(40000);
            Assert.True(Select(selection, "10.0.0.5", ref reply));
            Assert.InRange(reply.DestinationPort.Host, 2000, 2999);
            ports.Add(reply.DestinationPort.Host);
        }

        Assert.InRange(ports.Count, 20, 50);
        _reserved[0] = Reserve("198.51.100.2", 2500, 2510);
        selection.Reserved = _reserved;
        selection.ReservedCount = 1;
        Ipv4Tuple published = Sctp(2505);
        Assert.True(Select(selection, "10.0.0.5", ref published));
        Assert.Equal(2511, published.DestinationPort.Host);
    }

    [Fact]
    public void Two_workers_with_their_own_generators_choose_differently()
    {
        PortRandom* other = stackalloc PortRandom[1];
        *other = default;
        other->Initialize();
        PortSelection selection = One("198.51.100.2", 1024, 65535);
        int same = 0;
        for (int count = 0; count < 1000; count++)
        {
            Ipv4Tuple a = ReplyTo("10.0.0.5", 1000, "192.0.2.9");
            Ipv4Tuple b = a;
            Assert.True(Select(selection, "10.0.0.5", ref a));
            Assert.True(Select(other, selection, a.Source, ref b));
            same += a.DestinationPort == b.DestinationPort ? 1 : 0;
        }

        Assert.InRange(same, 0, 5);
    }

    public void Dispose()
    {
        _memory.Dispose();
        NativeMemory.Free(_random);
        NativeMemory.Free(_ranges);
        NativeMemory.Free(_pool);
        NativeMemory.Free(_reserved);
    }

    private static PortSelection One(string address, ushort low, ushort high) =>
        new() { Address = Ipv4Address.Parse(address), PortLow = low, PortHigh = high };

    private PortSelection Pool(ushort low, ushort high, params (string First, uint Count)[] ranges)
    {
        // The pool's ranges do not begin at the plan's first one.
        _pool->FirstRange = 1;
        _pool->RangeCount = (ushort)ranges.Length;
        _pool->AddressCount = 0;
        for (int index = 0; index < ranges.Length; index++)
        {
            _ranges[1 + index] = new AddressRange { First = Ipv4Address.Parse(ranges[index].First).Host, Count = ranges[index].Count };
            _pool->AddressCount += ranges[index].Count;
        }

        return new PortSelection { Pool = _pool, Ranges = _ranges, PortLow = low, PortHigh = high };
    }

    private int PositionOf(Ipv4Address address, int firstRangeCount = 8)
    {
        uint first = _ranges[1].First;
        return address.Host - first < _ranges[1].Count
            ? (int)(address.Host - first)
            : firstRangeCount + (int)(address.Host - _ranges[2].First);
    }

    /// <summary>The reply tuple of a connection to port 80, its destination still open.</summary>
    private static Ipv4Tuple ReplyTo(string inside, ushort port, string destination) =>
        Packets.First(source: inside, sourcePort: port, destination: destination).Tuple.Inverted;

    private static Ipv4Tuple Sctp(ushort port)
    {
        Ipv4Tuple reply = ReplyTo("10.0.0.5", port, "192.0.2.9");
        reply.Protocol = IpProtocol.Sctp;
        return reply;
    }

    private bool Select(in PortSelection selection, string inside, ref Ipv4Tuple reply) =>
        Select(_random, selection, Ipv4Address.Parse(inside), ref reply);

    private bool Select(PortRandom* random, in PortSelection selection, Ipv4Address inside, ref Ipv4Tuple reply)
    {
        PortSearch search = default;
        search.Begin(_memory.Table, selection, inside, reply);
        return search.TryNextFree(_memory.Table, _memory.Slot(0), random, ref reply, Now);
    }

    /// <summary>The ports that a thousand draws give, sorted.</summary>
    private int[] Drawn(in PortSelection selection, byte protocol)
    {
        var ports = new SortedSet<int>();
        for (int count = 0; count < 1000; count++)
        {
            Ipv4Tuple reply = ReplyTo("10.0.0.5", 1000, "192.0.2.9");
            reply.Protocol = protocol;
            Assert.True(Select(selection, "10.0.0.5", ref reply));
            ports.Add(reply.DestinationPort.Host);
        }

        return [.. ports];
    }

    /// <summary>Inserts a connection with this reply tuple.</summary>
    private void Occupy(in Ipv4Tuple reply, ushort number, uint deadline = 1_000_000)
    {
        Assert.Equal(AllocateResult.Allocated, _memory.Table->Allocate(_memory.Slot(0), 0, out uint index));
        byte* entry = _memory.Table->EntryAt(index);
        *Entry<Ipv4Tuple>.Tuple(entry, Direction.Original) = Packets.First(source: "10.9.9.9", sourcePort: number).Tuple;
        *Entry<Ipv4Tuple>.Tuple(entry, Direction.Reply) = reply;
        Entry<Ipv4Tuple>.Head(entry)->State = new StateWord(deadline, ConnectionState.TcpEstablished, 0, EntryFlags.None).Value;
        Assert.Equal(InsertResult.Inserted, _memory.Table->Insert(_memory.Slot(0), index, Now, out _));
    }
}
