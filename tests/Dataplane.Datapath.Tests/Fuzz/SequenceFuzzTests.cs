using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Dataplane.Conntrack;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Dataplane.Datapath.Tests.Fuzz;

/// <summary>A million mutated packets, and proof that the rules they are held to can be broken.</summary>
/// <remarks>
/// <c>DATAPLANE_FUZZ_PACKETS</c> is how many packets altogether, <c>DATAPLANE_FUZZ_SEED</c> the one seed to run. A read or write behind
/// a packet ends the process; the seed is then in <see cref="LastSeed"/>.
/// </remarks>
public unsafe class SequenceFuzzTests(ITestOutputHelper output)
{
    private const long PacketsDefault = 1_000_000;

    /// <summary>Beside the tests' assembly: workers and seed of the run that was begun last.</summary>
    private const string LastSeed = "fuzz-last-seed.txt";

    private static long Packets => long.Parse(
        Environment.GetEnvironmentVariable("DATAPLANE_FUZZ_PACKETS") is { Length: > 0 } text ? text : $"{PacketsDefault}", CultureInfo.InvariantCulture);

    private static int? OnlySeed => Environment.GetEnvironmentVariable("DATAPLANE_FUZZ_SEED") is { Length: > 0 } text
        ? int.Parse(text, CultureInfo.InvariantCulture) : null;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void No_sequence_of_packets_breaks_a_rule(int workers)
    {
        using GuardedBuffers buffers = new();
        SequenceFuzz fuzz = new(workers, buffers);
        int first = OnlySeed ?? workers * 1_000_000;
        for (int seed = first; seed == first || (OnlySeed == null && fuzz.Sent < Packets / 2); seed++)
        {
            File.WriteAllText(Path.Combine(AppContext.BaseDirectory, LastSeed), $"{workers} workers, DATAPLANE_FUZZ_SEED={seed}\n");
            fuzz.Run(seed);
        }

        output.WriteLine($"{fuzz.Sent} packets in, {fuzz.Left} out; {fuzz.Reasons.Count} drop reasons; {fuzz.States.Count} states");
        output.WriteLine($"never dropped for: {string.Join(' ', Enum.GetValues<DropReason>().Except(fuzz.Reasons))}");
        output.WriteLine($"never in state: {string.Join(' ', Enum.GetValues<ConnectionState>().Except(fuzz.States))}");

        // A fuzzer that stopped getting anywhere would pass all the same.
        if (fuzz.Sent >= PacketsDefault / 2)
        {
            Assert.True(fuzz.Left > fuzz.Sent / 3, $"only {fuzz.Left} of {fuzz.Sent} packets led to one");
            Assert.True(fuzz.Reasons.Count >= 60, $"only {fuzz.Reasons.Count} drop reasons met");
            Assert.True(fuzz.States.Count >= 24, $"only {fuzz.States.Count} states met");
        }
    }

    [Fact]
    public void Names_of_scripts_are_distinct()
    {
        string[] names = [.. FuzzCorpus.Build(0).Select(script => script.Name)];
        Assert.Equal(names.Length, names.Distinct().Count());
    }

    [Fact]
    public void A_wrong_checksum_or_an_inside_address_in_what_leaves_is_noticed()
    {
        byte[] right = Network.FromHost(Network.Wan, Network.WanAddress, Network.Server).Udp(5000, 53).Payload(9).Build();
        Assert.Null(FrameRules.Breach(new SentFrame(Network.Wan, 0, right)));
        for (int at = 14; at < right.Length; at++)
        {
            byte[] wrong = [.. right];
            wrong[at] ^= 4;
            Assert.NotNull(FrameRules.Breach(new SentFrame(Network.Wan, 0, wrong)));
        }

        byte[] inside = Network.FromClient().Udp(5000, 53).Build();
        Assert.NotNull(FrameRules.Breach(new SentFrame(Network.Wan, 0, inside)));
        Assert.Null(FrameRules.Breach(new SentFrame(Network.Lan, 0, inside)));
        byte[] quoting = Network.FromHost(Network.Wan, Network.WanAddress, Network.Server).IcmpError(3, 1, inside.AsSpan(14)).Build();
        Assert.NotNull(FrameRules.Breach(new SentFrame(Network.Wan, 0, quoting)));
    }

    [Fact]
    public void Mended_frames_of_every_script_are_the_frames_that_were_built()
    {
        foreach (FuzzPacket packet in FuzzCorpus.Build(3).SelectMany(script => script.Packets))
        {
            if (!FrameLayout.TryRead(packet.Frame, out FrameLayout layout)
                || (layout.Protocol == IpProtocol.Udp && packet.Frame.AsSpan(layout.L4 + 6, 2).IndexOfAnyExcept((byte)0) < 0))
            {
                continue;
            }

            byte[] mended = [.. packet.Frame];
            FrameSums.Mend(mended);
            Assert.Equal(packet.Frame, mended);
        }
    }

    /// <summary>A tuple that is not where its hash says, a count and a credit that do not agree.</summary>
    [Fact]
    public void A_table_that_does_not_add_up_is_noticed()
    {
        using RouterBed bed = new(Network.Plain());
        bed.SendForOne(Network.Lan, Network.FromClient().Udp(5000, 53).Build(), Network.Wan);
        ConntrackMemory<Ipv4Tuple> memory = bed.Router.Conntrack;
        HashSet<ConnectionState> states = [];
        Assert.Null(TableLedger.Breach(memory, bed.NowSeconds, states) ?? TableLedger.BreachOfLimit(bed.Router));
        byte* entry = null;
        for (uint index = 1; entry == null; index++)
        {
            entry = new StateWord(Entry<Ipv4Tuple>.Head(memory.Table->EntryAt(index))->State).IsLive ? memory.Table->EntryAt(index) : null;
        }

        Entry<Ipv4Tuple>.Tuple(entry, Direction.Reply)->Kind ^= 1;
        Assert.NotNull(TableLedger.Breach(memory, bed.NowSeconds, states));
        Entry<Ipv4Tuple>.Tuple(entry, Direction.Reply)->Kind ^= 1;
        memory.Slot(0)->Counters.Insert++;
        Assert.NotNull(TableLedger.Breach(memory, bed.NowSeconds, states));
        memory.Slot(0)->Counters.Insert--;
        memory.Slot(0)->Credits++;
        Assert.NotNull(TableLedger.BreachOfLimit(bed.Router));
        memory.Slot(0)->Credits--;
    }
}
