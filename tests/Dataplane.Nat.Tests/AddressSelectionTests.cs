using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Dataplane.Conntrack;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Nat.Tests;

/// <summary>Protocols without ports: an address of its own for every flow that nothing else tells apart, and never a port.</summary>
public sealed unsafe class AddressSelectionTests : IDisposable
{
    private const uint Now = 1000;
    private const string PoolFirst = "203.0.113.0";

    private readonly ConntrackMemory<Ipv4Tuple> _memory = new(new ConntrackSize(2000, 1, false));
    private readonly PortRandom* _random = (PortRandom*)NativeMemory.AllocZeroed((nuint)sizeof(PortRandom));
    private readonly AddressRange* _ranges = (AddressRange*)NativeMemory.AllocZeroed(1, (nuint)sizeof(AddressRange));
    private readonly AddressPool* _pool = (AddressPool*)NativeMemory.AllocZeroed((nuint)sizeof(AddressPool));
    private readonly ReservedPorts* _reserved = (ReservedPorts*)NativeMemory.AllocZeroed(3, (nuint)sizeof(ReservedPorts));
    private ushort _occupied;

    public AddressSelectionTests() => _random->InitializeFrom(2026);

    [Theory]
    [InlineData(IpProtocol.Gre)]
    [InlineData(IpProtocol.Esp)]
    [InlineData((byte)254)]
    public void Every_address_serves_one_flow_to_a_remote_host_the_paired_one_first(byte protocol)
    {
        PortSelection selection = Pool(6);
        var positions = new List<int>();
        for (int count = 0; count < 6; count++)
        {
            Ipv4Tuple reply = Reply(protocol);
            Assert.True(Select(selection, ref reply));
            Assert.Equal((0, 0), (reply.SourcePort.Host, reply.DestinationPort.Host));
            positions.Add((int)(reply.Destination.Host - Ipv4Address.Parse(PoolFirst).Host));
            Occupy(reply);
        }

        Assert.Equal(Enumerable.Range(0, 6).Select(offset => (positions[0] + offset) % 6), positions);
        Ipv4Tuple last = Reply(protocol);
        Assert.False(Select(selection, ref last));

        Ipv4Tuple elsewhere = Reply(protocol, remote: "192.0.2.10");
        Assert.True(Select(selection, ref elsewhere));
        Assert.Equal(positions[0], (int)(elsewhere.Destination.Host - Ipv4Address.Parse(PoolFirst).Host));
    }

    [Fact]
    public void A_single_address_serves_one_host_until_its_flow_has_expired()
    {
        PortSelection selection = new() { Address = Ipv4Address.Parse("198.51.100.2"), PortLow = 1024, PortHigh = 65535 };
        Ipv4Tuple reply = Reply(IpProtocol.Esp);
        Assert.True(Select(selection, ref reply));
        Assert.Equal(Ipv4Address.Parse("198.51.100.2"), reply.Destination);
        Occupy(reply, deadline: Now + 10);
        Ipv4Tuple next = Reply(IpProtocol.Esp);
        Assert.False(Select(selection, ref next));
        next = Reply(IpProtocol.Esp);
        Assert.True(Select(selection, ref next, Now + 10));
    }

    [Fact]
    public void Tunnels_with_different_keys_share_an_address_and_keep_their_keys()
    {
        PortSelection selection = Pool(1);
        foreach (ushort key in (ushort[])[0, 1, 7, 0xFFFF])
        {
            Ipv4Tuple reply = Reply(IpProtocol.Gre, key);
            Assert.True(Select(selection, ref reply));
            Assert.Equal((key, key), (reply.SourcePort.Host, reply.DestinationPort.Host));
            Occupy(reply);
            reply = Reply(IpProtocol.Gre, key);
            Assert.False(Select(selection, ref reply));
        }
    }

    [Fact]
    public void The_search_ends_after_a_bounded_number_of_addresses()
    {
        PortSelection selection = Pool(1000);
        for (int count = 0; count < PortSearch.TriesMax; count++)
        {
            Ipv4Tuple reply = Reply(IpProtocol.Esp);
            Assert.True(Select(selection, ref reply));
            Occupy(reply);
        }

        Ipv4Tuple last = Reply(IpProtocol.Esp);
        Assert.False(Select(selection, ref last));
    }

    [Fact]
    public void An_address_of_which_the_protocol_is_published_is_kept_back_and_one_with_published_ports_is_not()
    {
        uint first = Ipv4Address.Parse(PoolFirst).Host;
        _reserved[0] = new ReservedPorts { AddressLow = first, AddressHigh = first, PortHigh = 65535, Protocol = IpProtocol.Gre };
        _reserved[1] = new ReservedPorts { AddressLow = first + 1, AddressHigh = first + 2, PortHigh = 65535 };
        _reserved[2] = new ReservedPorts { AddressLow = first, AddressHigh = first + 3, PortLow = 0, PortHigh = 65534 };
        PortSelection selection = Pool(4);
        selection.Reserved = _reserved;
        selection.ReservedCount = 3;
        Assert.Equal([3u], Free(selection, IpProtocol.Gre, first));
        Assert.Equal([0u, 3u], Free(selection, IpProtocol.Esp, first));
    }

    public void Dispose()
    {
        _memory.Dispose();
        NativeMemory.Free(_random);
        NativeMemory.Free(_ranges);
        NativeMemory.Free(_pool);
        NativeMemory.Free(_reserved);
    }

    private static Ipv4Tuple Reply(byte protocol, ushort key = 0, string remote = "192.0.2.9") =>
        Packets.First(protocol, "10.0.0.5", key, remote, key).Tuple.Inverted;

    private PortSelection Pool(uint count)
    {
        _ranges[0] = new AddressRange { First = Ipv4Address.Parse(PoolFirst).Host, Count = count };
        *_pool = new AddressPool { RangeCount = 1, AddressCount = count };
        return new PortSelection { Pool = _pool, Ranges = _ranges, PortLow = 1024, PortHigh = 65535 };
    }

    private bool Select(in PortSelection selection, ref Ipv4Tuple reply, uint now = Now)
    {
        PortSearch search = default;
        search.Begin(_memory.Table, selection, Ipv4Address.Parse("10.0.0.5"), reply);
        return search.TryNextFree(_memory.Table, _memory.Slot(0), _random, ref reply, now);
    }

    /// <summary>The positions in the pool that are given out until there is none.</summary>
    private uint[] Free(in PortSelection selection, byte protocol, uint first)
    {
        var positions = new SortedSet<uint>();
        for (Ipv4Tuple reply = Reply(protocol); Select(selection, ref reply); reply = Reply(protocol))
        {
            Assert.True(positions.Add(reply.Destination.Host - first));
            Occupy(reply);
        }

        return [.. positions];
    }

    /// <summary>Inserts a connection with this reply tuple.</summary>
    private void Occupy(in Ipv4Tuple reply, uint deadline = 1_000_000)
    {
        Assert.Equal(AllocateResult.Allocated, _memory.Table->Allocate(_memory.Slot(0), 0, out uint index));
        byte* entry = _memory.Table->EntryAt(index);
        *Entry<Ipv4Tuple>.Tuple(entry, Direction.Original) = Packets.First(source: "10.9.9.9", sourcePort: _occupied++).Tuple;
        *Entry<Ipv4Tuple>.Tuple(entry, Direction.Reply) = reply;
        Entry<Ipv4Tuple>.Head(entry)->State = new StateWord(deadline, ConnectionState.GenericUnreplied, 0, EntryFlags.None).Value;
        Assert.Equal(InsertResult.Inserted, _memory.Table->Insert(_memory.Slot(0), index, Now, out _));
    }
}
