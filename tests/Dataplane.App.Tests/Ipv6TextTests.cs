using System;
using System.IO;
using System.Net;
using System.Text;
using System.Text.Json;
using Dataplane.App.Hosting;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.App.Tests;

/// <summary>IPv6 addresses are written in their canonical form (RFC 5952), and IPv4 ones as ever.</summary>
public class Ipv6TextTests
{
    [Theory]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("1::")]
    [InlineData("2001:db8::1")]
    [InlineData("2001:db8:0:1:1:1:1:1")]
    [InlineData("2001:0:0:1::1")]
    [InlineData("2001:db8::1:0:0:1")]
    [InlineData("0:1:2:3:4:5:6:7")]
    [InlineData("1:2:3:4:5:6:7:0")]
    [InlineData("::2:3:4:5:6:7")]
    [InlineData("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    public void Canonical_texts_stay_as_they_are(string text) => Assert.Equal(text, Text(Ipv6Address.Parse(text)));

    [Fact]
    public void Random_addresses_with_many_zeros_are_written_as_the_runtime_writes_them()
    {
        Random random = new(5952);
        byte[] bytes = new byte[16];
        for (int round = 0; round < 20_000; round++)
        {
            random.NextBytes(bytes);
            int zeros = random.Next(0x10000);
            for (int index = 0; index < 16; index++)
            {
                bytes[index] = (zeros >> index & 1) != 0 && round % 4 != 0 ? (byte)0 : bytes[index];
                bytes[index] = index < 15 && round % 2 != 0 && (zeros >> (index & ~1) & 1) != 0 ? (byte)0 : bytes[index];
            }

            // The runtime ends addresses that hold an IPv4 one with a dotted quad.
            string expected = new IPAddress(bytes).ToString();
            if (!expected.Contains('.', StringComparison.Ordinal))
            {
                Assert.Equal(expected, Text(Ipv6Address.FromBytes(bytes)));
            }
        }
    }

    [Fact]
    public void Tables_of_both_families_show_each_in_its_own_form()
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            writer.WriteStartObject();
            ShowText.EitherAddress(writer, "a"u8, Ipv6Address.FromIpv4(Ipv4Address.Parse("198.51.100.1")));
            ShowText.EitherAddress(writer, "b"u8, Ipv6Address.Parse("fe80::1"));
            ShowText.Prefix(writer, "c"u8, Ipv6Address.Parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 128);
            writer.WriteEndObject();
        }

        Assert.Equal(
            """{"a":"198.51.100.1","b":"fe80::1","c":"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"}""",
            Encoding.UTF8.GetString(stream.ToArray()));
    }

    private static string Text(Ipv6Address address)
    {
        Span<byte> text = stackalloc byte[Ipv6Text.BytesMax];
        return Encoding.ASCII.GetString(text[..Ipv6Text.Format(address, text)]);
    }
}
