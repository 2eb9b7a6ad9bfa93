using System;
using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Dataplane.Nat;
using Dataplane.Packet;

namespace Dataplane.App.Hosting;

/// <summary>Writes addresses as JSON strings without allocating.</summary>
internal static class ShowText
{
    public static void Address(Utf8JsonWriter writer, ReadOnlySpan<byte> name, Ipv4Address address)
    {
        Span<byte> text = stackalloc byte[20];
        writer.WriteString(name, text[..Format(address, text)]);
    }

    public static void Prefix(Utf8JsonWriter writer, ReadOnlySpan<byte> name, Ipv4Address address, byte length)
    {
        Span<byte> text = stackalloc byte[20];
        int end = Format(address, text);
        text[end++] = (byte)'/';
        _ = Utf8Formatter.TryFormat(length, text[end..], out int written);
        writer.WriteString(name, text[..(end + written)]);
    }

    public static void Address(Utf8JsonWriter writer, ReadOnlySpan<byte> name, Ipv6Address address)
    {
        Span<byte> text = stackalloc byte[Ipv6Text.BytesMax];
        writer.WriteString(name, text[..Ipv6Text.Format(address, text)]);
    }

    /// <summary>An address of a table for both families, which holds IPv4 ones as mapped.</summary>
    public static void EitherAddress(Utf8JsonWriter writer, ReadOnlySpan<byte> name, Ipv6Address address)
    {
        if (address.IsIpv4Mapped)
        {
            Address(writer, name, address.MappedIpv4);
        }
        else
        {
            Address(writer, name, address);
        }
    }

    public static void Prefix(Utf8JsonWriter writer, ReadOnlySpan<byte> name, Ipv6Address address, byte length)
    {
        Span<byte> text = stackalloc byte[Ipv6Text.BytesMax + 4];
        int end = Ipv6Text.Format(address, text);
        text[end++] = (byte)'/';
        _ = Utf8Formatter.TryFormat(length, text[end..], out int written);
        writer.WriteString(name, text[..(end + written)]);
    }

    /// <summary>32 hexadecimal digits, or null for none.</summary>
    public static void Label(Utf8JsonWriter writer, ReadOnlySpan<byte> name, ConnectionLabel label)
    {
        if (label.IsEmpty)
        {
            writer.WriteNull(name);
            return;
        }

        Span<byte> text = stackalloc byte[32];
        _ = Utf8Formatter.TryFormat(label.High, text, out _, new StandardFormat('x', 16));
        _ = Utf8Formatter.TryFormat(label.Low, text[16..], out _, new StandardFormat('x', 16));
        writer.WriteString(name, text);
    }

    public static void Mac(Utf8JsonWriter writer, ReadOnlySpan<byte> name, ulong mac48)
    {
        Span<byte> text = stackalloc byte[17];
        for (int index = 0; index < 6; index++)
        {
            byte value = (byte)(mac48 >> index * 8);
            text[index * 3] = Hex(value >> 4);
            text[index * 3 + 1] = Hex(value & 15);
            if (index < 5)
            {
                text[index * 3 + 2] = (byte)':';
            }
        }

        writer.WriteString(name, text);
    }

    private static int Format(Ipv4Address address, Span<byte> text)
    {
        uint host = address.Host;
        int end = 0;
        for (int shift = 24; shift >= 0; shift -= 8)
        {
            _ = Utf8Formatter.TryFormat((byte)(host >> shift), text[end..], out int written);
            end += written;
            if (shift > 0)
            {
                text[end++] = (byte)'.';
            }
        }

        return end;
    }

    private static byte Hex(int digit) => (byte)(digit < 10 ? '0' + digit : 'a' + digit - 10);
}
