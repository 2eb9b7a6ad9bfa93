using System.Collections.Generic;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Dataplane.Packet.Tests;

/// <summary>For any frame the parser and the naive reference agree on reason and on every field.</summary>
public sealed class ParserPropertyTests
{
    private static readonly MbufFlags[] s_flags =
    [
        MbufFlags.None,
        MbufFlags.RxChecksumsGood,
        MbufFlags.RxIpChecksumGood,
        MbufFlags.RxChecksumsGood | MbufFlags.RxVlanStripped,
        MbufFlags.RxIpChecksumMask | MbufFlags.RxL4ChecksumMask,
        MbufFlags.RxIpChecksumGood | MbufFlags.RxL4ChecksumBad,
    ];

    /// <summary>Values that header fields turn on; a random byte hits them too rarely.</summary>
    private static readonly byte[] s_values =
    [
        0, 1, 4, 5, 6, 7, 8, 17, 19, 20, 28, 33, 40, 43, 44, 47, 50, 51, 58, 59, 60, 64, 69, 70, 127, 128, 132, 136, 224, 255,
    ];

    [Fact]
    public void Mutated_frames_are_parsed_as_the_reference_parses_them()
    {
        using var parser = new ParserHarness();
        Prop.ForAll(Frames(), mutated =>
        {
            byte[] frame = mutated.Build();
            Parsed expected = ReferenceParser.Parse(frame, mutated.Flags, mutated.VerifiesL4, ParserHarness.Zone, vlanTci: 0x2005);
            return parser.Parse(frame, mutated.Flags, mutated.VerifiesL4, vlanTci: 0x2005) == expected;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));
    }

    [Fact]
    public void A_tuple_inverted_twice_is_the_tuple()
    {
        using var parser = new ParserHarness();
        Prop.ForAll(Frames(), mutated =>
        {
            Parsed parsed = parser.Parse(mutated.Build(), MbufFlags.RxChecksumsGood, verifiesL4: false);
            return parsed.Tuple.Inverted.Inverted == parsed.Tuple && parsed.Tuple6.Inverted.Inverted == parsed.Tuple6;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
    }

    private static Arbitrary<MutatedFrame> Frames()
    {
        string[] samples = [.. SampleFrames.All.Keys];
        Gen<Mutation> mutations =
            from position in Gen.Frequency((3, Gen.Choose(12, 60)), (1, Gen.Choose(0, 200)))
            from value in Gen.OneOf(Gen.Elements(s_values), Gen.Choose(0, 255).Select(number => (byte)number))
            select new Mutation(position, value);
        Gen<MutatedFrame> frames =
            from sample in Gen.Elements(samples)
            from count in Gen.Choose(0, 4)
            from changes in Gen.ArrayOf(mutations, count)
            from cut in Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Choose(0, 80)))
            from flags in Gen.Elements(s_flags)
            from verifies in Gen.Elements(true, false)
            select new MutatedFrame(sample, changes, cut, flags, verifies);
        return Arb.From(frames, Shrink);
    }

    /// <summary>One mutation less, or the frame not cut.</summary>
    private static IEnumerable<MutatedFrame> Shrink(MutatedFrame frame)
    {
        if (frame.CutBytes != 0)
        {
            yield return frame with { CutBytes = 0 };
        }

        for (int left = 0; left < frame.Mutations.Length; left++)
        {
            int index = left;
            yield return frame with { Mutations = [.. frame.Mutations.Where((_, position) => position != index)] };
        }
    }
}
