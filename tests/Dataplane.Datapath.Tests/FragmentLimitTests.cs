using System;
using System.Linq;
using Dataplane.Datapath.Fragments;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>What a flood of fragments may take, and what it leaves to others.</summary>
public sealed unsafe class FragmentLimitTests
{
    private const string Attacker = "10.0.9.9";

    [Fact]
    public void A_source_with_too_many_datagrams_loses_its_oldest()
    {
        using FragmentBed bed = new(new FragmentLimits { PerSource = 8 });
        for (ushort id = 0; id < 20; id++)
        {
            bed.Send(FragmentFrames.Udp(800, 8, false, id, Attacker));
        }

        Assert.Equal(12ul, bed.Drops(DropReason.FragmentSourceLimit));
        Assert.Equal(8, bed.Tables->Ipv4.Used);

        // The oldest is gone, the newest eight are there.
        bed.Send(FragmentFrames.Udp(0, 800, false, 11, Attacker), 11);
        Assert.Equal([11], bed.Passed.Select(passed => passed.Number));
        bed.Send(FragmentFrames.Udp(0, 800, false, 19, Attacker), 19);
        Assert.Equal(3, bed.Passed.Count);
    }

    [Fact]
    public void A_source_with_too_many_waiting_fragments_is_refused_further_ones_only()
    {
        using FragmentBed bed = new(new FragmentLimits { HeldPerSource = 10 });
        for (int piece = 1; piece <= 30; piece++)
        {
            bed.Send(FragmentFrames.Udp(piece * 8, 8, false, 1, Attacker));
        }

        Assert.Equal(20ul, bed.Drops(DropReason.FragmentSourceLimit));
        bed.Send(FragmentFrames.Udp(80, 8, true), 1);
        bed.Send(FragmentFrames.Udp(0, 80, false), 0);
        Assert.Equal([0, 1], bed.Passed.Select(passed => passed.Number));

        // In order nothing waits, and nothing is refused.
        bed.Send(FragmentFrames.Udp(0, 80, false, 2, Attacker));
        bed.Send(FragmentFrames.Udp(80, 8, true, 2, Attacker));
        Assert.Equal(4, bed.Passed.Count);
    }

    [Fact]
    public void A_refused_fragment_leaves_no_trace()
    {
        using FragmentBed bed = new(new FragmentLimits { HeldPerSource = 0 });
        bed.Send(FragmentFrames.Udp(80, 8, true));
        Assert.Equal(0, bed.Tables->Ipv4.Used);
        bed.Send(FragmentFrames.Udp(0, 80, false));
        bed.Send(FragmentFrames.Udp(80, 8, true));
        Assert.Equal(2, bed.Passed.Count);
        Assert.Equal(1ul, bed.Dropped);
    }

    [Fact]
    public void One_host_is_one_source_in_ipv4_and_one_subnet_in_ipv6()
    {
        using FragmentBed bed = new(new FragmentLimits { PerSource = 8 });
        for (int host = 1; host <= 20; host++)
        {
            bed.Send(FragmentFrames.Udp6(800, 8, false, 1, $"2001:db8:1::{host:x}"));
            bed.Send(FragmentFrames.Udp(800, 8, false, 1, $"10.0.9.{host}"));
        }

        Assert.Equal(12ul, bed.Drops(DropReason.FragmentSourceLimit));
        Assert.Equal(8, bed.Tables->Ipv6.Used);
        Assert.Equal(20, bed.Tables->Ipv4.Used);
    }

    [Fact]
    public void As_many_packets_wait_as_may_and_older_ones_give_way()
    {
        using FragmentBed bed = new(new FragmentLimits { Held = 100 });
        for (int host = 0; host < 1000; host++)
        {
            bed.Send(FragmentFrames.Udp(800, 8, false, 1, Host(host)));
            Assert.True(bed.Tables->Held <= 100);
        }

        Assert.Equal(900ul, bed.Drops(DropReason.FragmentTableFull));
        Assert.Equal(100, bed.Tables->Held);
    }

    [Fact]
    public void Where_nothing_may_wait_fragments_in_order_pass_still()
    {
        using FragmentBed bed = new(new FragmentLimits { Held = 0 });
        bed.Send(FragmentFrames.Udp(80, 8, true));
        Assert.Equal(1ul, bed.Drops(DropReason.FragmentTableFull));
        bed.Send(FragmentFrames.Udp(0, 80, false));
        bed.Send(FragmentFrames.Udp(80, 8, true));
        Assert.Equal(2, bed.Passed.Count);
    }

    /// <summary>
    /// The flood: pieces without a first, of ever new sources and identifications, many times what the table holds, between any two fragments
    /// of a datagram that comes in the worst order.
    /// </summary>
    [Theory]
    [InlineData(100)]
    [InlineData(500)]
    public void A_flood_of_fragments_without_a_first_leaves_other_datagrams_alone(int floodBetween)
    {
        using FragmentBed bed = new(new FragmentLimits());
        int next = 0;
        for (ushort datagram = 0; datagram < 20; datagram++)
        {
            foreach ((int offset, int length, bool isLast) in ((int, int, bool)[])[(1600, 5, true), (800, 800, false), (0, 800, false)])
            {
                for (int packet = 0; packet < floodBetween; packet++, next++)
                {
                    bed.Send(FragmentFrames.Udp(800, 8, false, (ushort)(next * 7), Host(next)));
                    bed.Advance(1e-6);
                }

                bed.Send(FragmentFrames.Udp(offset, length, isLast, datagram));
            }
        }

        Assert.Equal(60, bed.Passed.Count);
        Assert.True(bed.Tables->Ipv4.Used <= bed.Tables->Ipv4.Capacity);
        Assert.True(bed.Drops(DropReason.FragmentTableFull) > 20_000 || floodBetween < 500);
    }

    [Fact]
    public void A_full_table_gives_up_datagrams_without_a_first_before_others()
    {
        // One set: all datagrams meet in it.
        using FragmentBed bed = new(new FragmentLimits { Datagrams = 8 });
        for (int host = 0; host < 4; host++)
        {
            bed.Send(FragmentFrames.Udp(0, 80, false, 1, Host(host)));
            bed.Send(FragmentFrames.Udp(80, 8, true, 2, Host(host)));
            bed.Advance(0.001);
        }

        for (int host = 4; host < 40; host++)
        {
            bed.Send(FragmentFrames.Udp(80, 8, true, 1, Host(host)));
        }

        Assert.Equal(36ul, bed.Drops(DropReason.FragmentTableFull));
        for (int host = 0; host < 4; host++)
        {
            bed.Send(FragmentFrames.Udp(80, 8, true, 1, Host(host)));
        }

        Assert.Equal(8, bed.Passed.Count);
    }

    [Fact]
    public void When_all_have_their_first_the_oldest_goes()
    {
        using FragmentBed bed = new(new FragmentLimits { Datagrams = 8 });
        for (int host = 0; host < 9; host++)
        {
            bed.Send(FragmentFrames.Udp(0, 80, false, 1, Host(host)));
            bed.Advance(0.001);
        }

        bed.Send(FragmentFrames.Udp(80, 8, true, 1, Host(0)), 100);
        Assert.DoesNotContain(bed.Passed, passed => passed.Number == 100);
        bed.Send(FragmentFrames.Udp(80, 8, true, 1, Host(8)), 108);
        Assert.Contains(bed.Passed, passed => passed.Number == 108);
    }

    /// <summary>While the first fragment is on its way others may fill every limit, and time may run out: what waits for it still follows.</summary>
    [Theory]
    [InlineData("source")]
    [InlineData("waiting")]
    [InlineData("set")]
    [InlineData("time")]
    public void A_datagram_that_a_worker_is_busy_with_is_not_given_up(string limit)
    {
        using FragmentBed bed = new(new FragmentLimits { Datagrams = 8, PerSource = limit == "source" ? 2 : 64, Held = limit == "waiting" ? 2 : 2000 });
        bed.Send(FragmentFrames.Udp(80, 8, false, 1), 1);
        bed.Send(FragmentFrames.Udp(96, 8, true, 1), 3);
        bed.Meanwhile = () =>
        {
            for (ushort other = 0; other < 20; other++)
            {
                bed.Send(FragmentFrames.Udp(80, 8, true, (ushort)(100 + other), limit == "source" ? Network.Client : Host(other)), 100);
            }

            bed.Advance(limit == "time" ? 16 : 0);
            bed.Maintain();
            bed.Send(FragmentFrames.Udp(88, 8, false, 1), 2);
        };
        bed.Send(FragmentFrames.Udp(0, 80, false, 1), 0);
        Assert.Equal([0, 1, 3, 2], bed.Passed.Select(passed => passed.Number));
        Assert.InRange(bed.Tables->Ipv4.Used, 0, 7);
    }

    [Fact]
    public void Limits_may_change_while_datagrams_are_incomplete()
    {
        using FragmentBed bed = new(new FragmentLimits());
        for (int piece = 1; piece <= 20; piece++)
        {
            bed.Send(FragmentFrames.Udp(piece * 8, 8, false));
        }

        bed.Tables->SetLimits(new FragmentLimits { PerDatagram = 10, HeldPerSource = 5, TimeoutNanoseconds = 1_000_000_000, Datagrams = 8 });
        Assert.Equal(4096, bed.Tables->Shared.Limits.Datagrams);
        bed.Send(FragmentFrames.Udp(8 * 30, 8, false));
        Assert.Equal(1ul, bed.Drops(DropReason.FragmentSourceLimit));
        bed.Send(FragmentFrames.Udp(0, 8, false));
        Assert.Equal(21ul, bed.Drops(DropReason.FragmentTooMany));
    }

    [Fact]
    public void Limits_out_of_range_are_taken_for_the_nearest()
    {
        FragmentLimits limits = new()
        {
            Datagrams = -1,
            PerDatagram = int.MaxValue,
            PerSource = 0,
            Held = -1,
            HeldPerSource = int.MinValue,
            TimeoutNanoseconds = -5,
        };
        using FragmentBed bed = new(limits);
        Assert.Equal(8, bed.Tables->Ipv4.Capacity);
        FragmentLimits taken = bed.Tables->Shared.Limits;
        Assert.Equal((FragmentLimits.PerDatagramMax, 1, 0, 0), (taken.PerDatagram, taken.PerSource, taken.Held, taken.HeldPerSource));
        bed.Send(FragmentFrames.Udp(0, 80, false));
        bed.Send(FragmentFrames.Udp(80, 8, true));
        Assert.Equal(2, bed.Passed.Count);
    }

    [Fact]
    public void The_memory_bill_is_the_documented_one()
    {
        Assert.InRange(FragmentTables.MemoryBytes(new FragmentLimits()), 8.35 * 1024 * 1024, 8.45 * 1024 * 1024);
        Assert.Equal(
            FragmentTables.MemoryBytes(new FragmentLimits { Datagrams = 8192 }), FragmentTables.MemoryBytes(new FragmentLimits { Datagrams = 5000 }));
    }

    private static string Host(int number) => $"10.{100 + number / 65536 % 100}.{number / 256 % 256}.{number % 256}";
}
