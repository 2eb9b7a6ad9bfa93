using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>IPv4 and IPv6 under one maximum: a zone does not get its limit twice.</summary>
[Trait("Category", "Portable")]
public sealed unsafe class SharedLimitTests
{
    private const ushort Zone = 7;

    [Fact]
    public void Two_families_share_one_maximum_and_one_limit_of_a_zone()
    {
        ConntrackSize size = new(100, 1, false) { LimitSharers = 2, Zones = [new ZoneLimit(Zone, 10)] };
        using ConntrackMemory<Ipv4Tuple> four = new(size);
        using ConntrackMemory<Ipv6Tuple> six = new(size, four.Limits);
        Assert.Equal(10, Open(four, six, Zone, 30));
        Assert.Equal(AllocateResult.ZoneFull, four.Table->Allocate(four.Slot(0), Zone, out _));
        Assert.Equal(AllocateResult.ZoneFull, six.Table->Allocate(six.Slot(0), Zone, out _));
        Assert.Equal(10, four.ZoneEntries(Zone, six.ZoneHeld(Zone)));
        Assert.Equal(90, Open(four, six, 0, 300));
        Assert.Equal(AllocateResult.TableFull, four.Table->Allocate(four.Slot(0), 0, out _));
        Assert.Equal(AllocateResult.TableFull, six.Table->Allocate(six.Slot(0), 0, out _));

        // A limit that is changed through one is changed for both.
        Assert.True(four.TrySetZoneMax(Zone, 5));
        Assert.Equal(5, six.ZoneMax(Zone));
        Assert.True(four.TrySetEntriesMax(99));
        Assert.Equal(99, six.EntriesMax);
    }

    /// <summary>Opens alternately in both until neither gives more.</summary>
    private static int Open(ConntrackMemory<Ipv4Tuple> four, ConntrackMemory<Ipv6Tuple> six, ushort zone, int attempts)
    {
        int opened = 0;
        for (int attempt = 0; attempt < attempts; attempt++)
        {
            four.Pool->HandIn(four.Slot(0));
            six.Pool->HandIn(six.Slot(0));
            opened += four.Table->Allocate(four.Slot(0), zone, out uint index) == AllocateResult.Allocated ? 1 : 0;
            Write(four.Table->EntryAt(index), index, zone);
            four.Pool->HandIn(four.Slot(0));
            opened += six.Table->Allocate(six.Slot(0), zone, out _) == AllocateResult.Allocated ? 1 : 0;
        }

        return opened;
    }

    private static void Write(byte* entry, uint index, ushort zone)
    {
        if (index != 0)
        {
            *Entry<Ipv4Tuple>.Tuple(entry, Direction.Original) = new Ipv4Tuple { Zone = zone };
        }
    }
}
