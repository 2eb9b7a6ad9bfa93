using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>Runs while nothing else does: collections that other tests cause would be counted here.</summary>
[CollectionDefinition(nameof(FragmentAllocationTests), DisableParallelization = true)]
[Collection(nameof(FragmentAllocationTests))]
public sealed class FragmentAllocationTests
{
    private const int Burst = 32;

    [Fact]
    public void Two_hundred_thousand_fragments_allocate_nothing()
    {
        using RouterBed bed = new(Network.Masquerading());
        bed.World.Captures = false;
        byte[][] frames = Frames();
        Run(bed, frames, 20_000);
        GC.Collect();
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        Run(bed, frames, 200_000);
        Assert.Equal(allocated, GC.GetAllocatedBytesForCurrentThread());

        // The stream was what it claims to be.
        DropReason[] expected = [DropReason.FragmentOverlap, DropReason.FragmentDuplicate, DropReason.FragmentTimeout];
        Assert.All(expected, reason => Assert.True(bed.Drops(reason) > 1000, $"hardly a {reason}"));
        Assert.True(bed.Router.Totals().HeldOut > 10_000, "hardly a fragment waited");
        Assert.True(bed.Router.Totals().Transmitted > 50_000, "hardly a fragment left");
    }

    private static void Run(RouterBed bed, byte[][] frames, int packets)
    {
        Worker<MemoryEnvironment> worker = bed.Worker(0);
        for (int sent = 0; sent < packets; sent += Burst)
        {
            for (int index = 0; index < Burst; index++)
            {
                bed.World.Inject(Network.Lan, 0, frames[(sent + index) % frames.Length]);
            }

            worker.Poll();
            bed.World.NowNanoseconds += 200_000_000;
        }

        for (int idle = 0; idle < 100; idle++)
        {
            worker.Poll();
        }
    }

    /// <summary>Datagrams of a thousand identifications, their fragments in any order among those of their neighbours.</summary>
    private static byte[][] Frames()
    {
        Random random = new(9);
        List<(double Place, byte[] Frame)> frames = [];
        for (ushort id = 0; id < 1000; id++)
        {
            string source = $"10.0.{2 + id % 4}.{1 + id % 50}";
            (int Offset, int Length, bool IsLast)[] sound = [(0, 400, false), (400, 400, false), (800, 5, true)];
            List<(int Offset, int Length, bool IsLast)> pieces = [.. sound];
            pieces.AddRange((id % 8) switch
            {
                0 => [sound[random.Next(3)]],
                1 => [(392, 16, false)],
                2 => [(792, 16, true)],
                _ => [],
            });
            if (id % 8 == 3)
            {
                pieces.RemoveAt(0);
            }

            frames.AddRange(pieces.Select(piece =>
                (id + random.NextDouble() * 4, FragmentFrames.Udp(piece.Offset, piece.Length, piece.IsLast, id, source))));
        }

        return [.. frames.OrderBy(frame => frame.Place).Select(frame => frame.Frame)];
    }
}
