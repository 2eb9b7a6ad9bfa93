using System;
using System.Runtime.Intrinsics.X86;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>The hash is the published function of tuple and key, on both kinds of processor.</summary>
[Trait("Category", "Portable")]
public sealed unsafe class TupleHashTests
{
    // The authors' reference implementation with cROUNDS 1 and dROUNDS 3: key 00..0f, input 00, 01, … of length 0, 1, ….
    private static readonly ulong[] s_sipHash13 =
    [
        0xabac0158050fc4dc, 0xc9f49bf37d57ca93, 0x82cb9b024dc7d44d, 0x8bf80ab8e7ddf7fb,
        0xcf75576088d38328, 0xdef9d52f49533b67, 0xc50d2b50c59f22a7, 0xd3927d989bb11140,
        0x369095118d299a8e, 0x25a48eb36c063de4, 0x79de85ee92ff097f, 0x70c118c1f94dc352,
        0x78a384b157b4d9a2, 0x306f760c1229ffa7, 0x605aa111c0f95d34, 0xd320d86d2a519956,
        0xcc4fdd1a7d908b66, 0x9cf2689063dbd80c, 0x8ffc389cb473e63e, 0xf21f9de58d297d1c,
    ];

    [Fact]
    public void SipHash_1_3_gives_the_reference_implementations_values()
    {
        HashKey key = default;
        byte* data = stackalloc byte[s_sipHash13.Length];
        for (int index = 0; index < HashKey.SizeBytes; index++)
        {
            key.Bytes[index] = (byte)index;
        }

        for (int length = 0; length < s_sipHash13.Length; length++)
        {
            Assert.Equal(s_sipHash13[length], TupleHash.SipHash13(data, length, &key));
            data[length] = (byte)length;
        }
    }

    [Fact]
    public void The_oracle_gives_the_value_of_the_SipHash_2_4_paper()
    {
        // Appendix A: 15 bytes.
        byte[] data = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14];
        Assert.Equal(0xa129ca6149be45e5ul, ReferenceHash.Sip(2, 4, data, [.. data, 15]));
    }

    [Fact]
    public void SipHash_agrees_with_the_oracle_for_every_length_up_to_a_tuple_and_beyond()
    {
        var random = new Random(13);
        HashKey key = RandomKey(random);
        byte[] data = new byte[64];
        for (int length = 0; length <= data.Length; length++)
        {
            random.NextBytes(data);
            fixed (byte* bytes = data)
            {
                Assert.Equal(ReferenceHash.Sip(1, 3, data.AsSpan(0, length), Bytes(&key)), TupleHash.SipHash13(bytes, length, &key));
            }
        }
    }

    [Fact]
    public void SipHash_uses_the_first_16_bytes_of_the_key_and_no_others()
    {
        var random = new Random(16);
        HashKey key = RandomKey(random);
        Ipv6Tuple tuple = Ipv6Family.Numbered(7);
        ulong before = TupleHash.SipHash13((byte*)&tuple, Ipv6Tuple.SizeBytes, &key);
        for (int index = 0; index < HashKey.SizeBytes; index++)
        {
            key.Bytes[index] ^= 0x40;
            Assert.Equal(index >= 16, TupleHash.SipHash13((byte*)&tuple, Ipv6Tuple.SizeBytes, &key) == before);
            key.Bytes[index] ^= 0x40;
        }
    }

    [Fact]
    public void The_hash_of_a_tuple_is_the_oracles_on_this_processor()
    {
        var random = new Random(4);
        for (int count = 0; count < 200; count++)
        {
            HashKey key = RandomKey(random);
            Ipv4Tuple tuple4 = default;
            Ipv6Tuple tuple6 = default;
            random.NextBytes(new Span<byte>(&tuple4, Ipv4Tuple.SizeBytes));
            random.NextBytes(new Span<byte>(&tuple6, Ipv6Tuple.SizeBytes));
            Assert.Equal(ReferenceHash.Of(new(&tuple4, Ipv4Tuple.SizeBytes), Bytes(&key)), TupleHash.Compute(&tuple4, &key));
            Assert.Equal(ReferenceHash.Of(new(&tuple6, Ipv6Tuple.SizeBytes), Bytes(&key)), TupleHash.Compute(&tuple6, &key));
        }
    }

    [Fact]
    public void Without_intrinsics_the_hash_is_SipHash()
    {
        if (Environment.GetEnvironmentVariable(ScalarChildTests.SwitchVariable) == "0")
        {
            Assert.False(Aes.IsSupported);
        }

        HashKey key = RandomKey(new Random(5));
        Ipv4Tuple tuple = Ipv4Family.Numbered(99);
        bool isSipHash = TupleHash.Compute(&tuple, &key) == TupleHash.SipHash13((byte*)&tuple, Ipv4Tuple.SizeBytes, &key);
        Assert.Equal(!Aes.IsSupported, isSipHash);
    }

    [Fact]
    public void The_tag_is_the_top_16_bits_and_never_the_mark_of_a_free_place()
    {
        for (uint top = 0; top <= 0xFFFF; top++)
        {
            ushort tag = TupleHash.Tag((ulong)top << 48 | 0x0000_1234_5678_9ABC);
            Assert.NotEqual(0, tag);
            Assert.Equal(top == 0 ? 1u : top, tag);
        }
    }

    [Fact]
    public void Every_start_draws_its_own_key()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> first = new(1);
        using TestTable<Ipv4Tuple, Ipv4Family> second = new(1);
        ReadOnlySpan<byte> a = Bytes(first.Table->Key);
        ReadOnlySpan<byte> b = Bytes(second.Table->Key);
        int equalBytes = 0;
        for (int index = 0; index < a.Length; index++)
        {
            equalBytes += a[index] == b[index] ? 1 : 0;
        }

        Assert.InRange(equalBytes, 0, 20);
    }

    internal static HashKey RandomKey(Random random)
    {
        HashKey key = default;
        random.NextBytes(new Span<byte>(&key, HashKey.SizeBytes));
        return key;
    }

    private static ReadOnlySpan<byte> Bytes(HashKey* key) => new(key, HashKey.SizeBytes);
}
