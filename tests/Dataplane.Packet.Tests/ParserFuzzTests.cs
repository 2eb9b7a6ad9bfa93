using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using Dataplane.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Dataplane.Packet.Tests;

/// <summary>A million frames at random, from nearly right to noise, with a guard page behind each.</summary>
public sealed class ParserFuzzTests(ITestOutputHelper output)
{
    private const int FramesCount = 1_000_000;
    private static readonly TimeSpan s_timeMax = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(20260101)]
    public void A_million_mutations_agree_with_the_reference_within_ten_seconds(int seed)
    {
        using var parser = new ParserHarness();
        var random = new Random(seed);
        byte[][] samples = [.. SampleFrames.All.Values];
        byte[] frame = new byte[256];
        var seen = new Dictionary<DropReason, int>();
        long start = Environment.TickCount64;
        int count = 0;
        for (; count < FramesCount && Environment.TickCount64 - start < s_timeMax.TotalMilliseconds; count++)
        {
            int lengthBytes = Mutate(random, samples, frame);
            MbufFlags flags = random.Next(3) == 0 ? MbufFlags.None : MbufFlags.RxChecksumsGood;
            Parsed actual = parser.Parse(frame.AsSpan(0, lengthBytes), flags);
            Parsed expected = ReferenceParser.Parse(frame.AsSpan(0, lengthBytes), flags, true, ParserHarness.Zone);
            if (actual != expected)
            {
                Assert.Fail($"frame {count} of seed {seed}: {actual}, expected {expected}: {Convert.ToHexString(frame, 0, lengthBytes)}");
            }

            seen[actual.Reason] = seen.GetValueOrDefault(actual.Reason) + 1;
        }

        IEnumerable<string> counts = seen.OrderByDescending(pair => pair.Value).Select(pair => $"{pair.Key} {pair.Value}");
        output.WriteLine($"{count} frames: {string.Join(", ", counts)}");

        // A fuzzer that only bounces off the first check tests nothing: most of the parser's reasons must have occurred.
        Assert.InRange(count, FramesCount / 20, FramesCount);
        Assert.InRange(seen.Count, 30, DropReasons.Count);
        Assert.InRange(seen[DropReason.None], count / 20, count - 1);
    }

    /// <summary>Returns the length of what was made in <paramref name="frame"/>.</summary>
    private static int Mutate(Random random, byte[][] samples, byte[] frame)
    {
        byte[] sample = samples[random.Next(samples.Length)];
        sample.CopyTo(frame, 0);
        int lengthBytes = sample.Length;
        for (int mutations = random.Next(4); mutations > 0; mutations--)
        {
            // Most of them in the headers, where they decide something.
            int position = random.Next(4) == 0 ? random.Next(lengthBytes) : random.Next(12, Math.Min(lengthBytes, 62));
            switch (random.Next(4))
            {
                case 0:
                    frame[position] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    frame[position] = (byte)random.Next(256);
                    break;
                case 2:
                    frame[position] += (byte)(random.Next(2) == 0 ? 1 : 255);
                    break;
                default:
                    frame[position] = random.Next(2) == 0 ? (byte)0 : (byte)0xFF;
                    break;
            }
        }

        if (random.Next(4) == 0)
        {
            lengthBytes = random.Next(lengthBytes + 1);
        }

        // Without a right header checksum nothing behind it is reached on a port that does not vouch for it.
        if (random.Next(2) == 0 && lengthBytes >= 34 && frame[12] == 8 && frame[13] == 0)
        {
            int headerBytes = Math.Clamp((frame[14] & 15) * 4, 20, lengthBytes - 14);
            frame[24] = frame[25] = 0;
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(24), ReferenceChecksum.Of(frame.AsSpan(14, headerBytes)));
        }

        return lengthBytes;
    }
}
