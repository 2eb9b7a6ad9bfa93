using System;
using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Dataplane.Packet.Tests;

/// <summary>Addresses and network-order words: text, bytes and numbers agree.</summary>
public sealed class AddressTests
{
    [Fact]
    public void An_ipv4_address_survives_text_and_number()
    {
        Prop.ForAll(Gen.Choose(int.MinValue, int.MaxValue).ToArbitrary(), number =>
        {
            Ipv4Address address = Ipv4Address.FromHost((uint)number);
            return Ipv4Address.Parse(address.ToString()) == address
                && address.Host == (uint)number
                && Ipv4Address.FromRaw(address.Raw) == address
                && IPAddress.Parse(address.ToString()).ToString() == address.ToString();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5_000));
    }

    [Theory]
    [InlineData("")]
    [InlineData("10.0.0")]
    [InlineData("10.0.0.1.")]
    [InlineData("10.0.0.1.2")]
    [InlineData("10.0.0.256")]
    [InlineData("10.0.0.1000")]
    [InlineData("10.0.0.99999999999")]
    [InlineData("010.0.0.1")]
    [InlineData("10.0.00.1")]
    [InlineData("10..0.1")]
    [InlineData(" 10.0.0.1")]
    [InlineData("10.0.0.1 ")]
    [InlineData("0x0a.0.0.1")]
    [InlineData("10.0.0.-1")]
    [InlineData("167772161")]
    [InlineData("٣.0.0.1")]
    public void Text_that_is_no_dotted_quad_is_refused(string text)
    {
        Assert.False(Ipv4Address.TryParse(text, out _));
        Assert.Throws<FormatException>(() => Ipv4Address.Parse(text));
    }

    [Fact]
    public void Ipv4_address_classes_have_their_bounds()
    {
        Assert.True(Ipv4Address.Parse("224.0.0.0").IsMulticast);
        Assert.True(Ipv4Address.Parse("239.255.255.255").IsMulticast);
        Assert.False(Ipv4Address.Parse("223.255.255.255").IsMulticast);
        Assert.False(Ipv4Address.Parse("240.0.0.0").IsMulticast);
        Assert.True(Ipv4Address.Parse("127.255.0.1").IsLoopback);
        Assert.False(Ipv4Address.Parse("128.0.0.1").IsLoopback);
        Assert.Equal("255.255.255.255", Ipv4Address.Broadcast.ToString());
        Assert.Equal("0.0.0.0", Ipv4Address.Any.ToString());
    }

    [Fact]
    public void An_ipv6_address_survives_text_and_bytes()
    {
        Gen<byte[]> bytes = Gen.ArrayOf(Gen.OneOf(Gen.Constant((byte)0), Gen.Choose(0, 255).Select(number => (byte)number)), 16);
        Prop.ForAll(bytes.ToArbitrary(), sixteen =>
        {
            Ipv6Address address = Ipv6Address.FromBytes(sixteen);
            return Ipv6Address.Parse(address.ToString()) == address && address.ToString() == new IPAddress(sixteen).ToString();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5_000));
    }

    [Theory]
    [InlineData("")]
    [InlineData("10.0.0.1")]
    [InlineData("fe80::1%eth0")]
    [InlineData("1::2::3")]
    [InlineData("12345::")]
    [InlineData("2001:db8::1/64")]
    public void Text_that_is_no_ipv6_address_is_refused(string text)
    {
        Assert.False(Ipv6Address.TryParse(text, out _));
        Assert.Throws<FormatException>(() => Ipv6Address.Parse(text));
    }

    [Fact]
    public void Ipv6_address_classes_are_told_apart()
    {
        Assert.True(Ipv6Address.Parse("ff02::1").IsMulticast);
        Assert.True(Ipv6Address.Parse("::").IsUnspecified);
        Assert.True(Ipv6Address.Parse("::1").IsLoopback);
        Assert.True(Ipv6Address.Parse("::ffff:10.0.0.1").IsIpv4Mapped);
        Ipv6Address global = Ipv6Address.Parse("2001:db8::1");
        Assert.False(global.IsMulticast || global.IsUnspecified || global.IsLoopback || global.IsIpv4Mapped);
        Assert.False(Ipv6Address.Parse("::2").IsLoopback || Ipv6Address.Parse("::fffe:10.0.0.1").IsIpv4Mapped);
    }

    [Fact]
    public void A_mac_address_survives_text_and_number()
    {
        var random = new Random(48);
        for (int count = 0; count < 5_000; count++)
        {
            ulong raw = (ulong)random.NextInt64() & 0xFFFF_FFFF_FFFF;
            MacAddress address = MacAddress.FromRaw48(raw);
            Assert.Equal(raw, address.Raw48);
            Assert.Equal(address, MacAddress.Parse(address.ToString()));
        }

        Assert.Equal("02:00:5e:10:00:ff", MacAddress.FromBytes([0x02, 0x00, 0x5E, 0x10, 0x00, 0xFF]).ToString());
        Assert.Equal(MacAddress.Parse("FF:ff:FF:ff:FF:ff"), MacAddress.Broadcast);
        Assert.True(MacAddress.Parse("01:00:5e:00:00:01").IsGroup);
        Assert.False(MacAddress.Parse("02:00:5e:00:00:01").IsGroup);
    }

    [Theory]
    [InlineData("")]
    [InlineData("02:00:00:00:00")]
    [InlineData("02:00:00:00:00:0g")]
    [InlineData("02-00-00-00-00-01")]
    [InlineData("02:00:00:00:00:001")]
    [InlineData("2:00:00:00:00:0001")]
    [InlineData("02:00:00:00:00:+1")]
    public void Text_that_is_no_mac_address_is_refused(string text)
    {
        Assert.False(MacAddress.TryParse(text, out _));
        Assert.Throws<FormatException>(() => MacAddress.Parse(text));
    }

    [Fact]
    public void Every_16_bit_value_survives_network_order()
    {
        for (int value = 0; value <= 0xFFFF; value++)
        {
            Be16 word = Be16.FromHost((ushort)value);
            Assert.Equal(value, word.Host);
            Assert.Equal(word, Be16.FromRaw(word.Raw));
        }

        Assert.Equal(0x12345678u, Be32.FromHost(0x12345678).Host);
        Assert.Equal([0x12, 0x34], BytesOf(Be16.FromHost(0x1234)));
        Assert.Equal([0x12, 0x34, 0x56, 0x78], BytesOf(Be32.FromHost(0x12345678)));
    }

    [Fact]
    public void An_inverted_tuple_answers_the_tuple()
    {
        var request = new Ipv4Tuple
        {
            Source = Ipv4Address.Parse("10.0.0.1"),
            Destination = Ipv4Address.Parse("192.0.2.1"),
            SourcePort = Be16.FromHost(500),
            Zone = 3,
            Protocol = IpProtocol.Icmp,
            Kind = IcmpType.EchoRequest,
        };
        Ipv4Tuple reply = request.Inverted;
        Assert.Equal("icmp 192.0.2.1:0 > 10.0.0.1:500 zone 3", reply.ToString());
        Assert.Equal(IcmpType.EchoReply, reply.Kind);
        Assert.NotEqual(request, reply);
        Assert.Equal(request, reply.Inverted);
        Assert.Equal(request.GetHashCode(), reply.Inverted.GetHashCode());
    }

    private static byte[] BytesOf<T>(T value)
        where T : unmanaged => System.Runtime.InteropServices.MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).ToArray();
}
