using System;
using System.Buffers.Text;
using System.Runtime.InteropServices;
using Dataplane.Packet;

namespace Dataplane.App.Hosting;

/// <summary>IPv6 addresses in their one canonical form (RFC 5952), without allocating.</summary>
internal static class Ipv6Text
{
    /// <summary>Eight groups of four digits and seven colons.</summary>
    internal const int BytesMax = 39;

    private const int Groups = 8;

    /// <summary>Writes an address; returns the number of bytes.</summary>
    /// <param name="address">A mapped address is written in hexadecimal as any other.</param>
    /// <param name="text">At least <see cref="BytesMax"/>.</param>
    internal static int Format(Ipv6Address address, Span<byte> text)
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(new ReadOnlySpan<Ipv6Address>(in address));
        (int first, int count) = LongestZeros(bytes);
        int end = 0;
        for (int group = 0; group < Groups; group++)
        {
            if (group == first)
            {
                // The run is two colons, of which the group in front has written one already.
                text[end++] = (byte)':';
                if (group == 0)
                {
                    text[end++] = (byte)':';
                }

                group += count - 1;
                continue;
            }

            int value = bytes[group * 2] << 8 | bytes[group * 2 + 1];
            _ = Utf8Formatter.TryFormat(value, text[end..], out int digits, new System.Buffers.StandardFormat('x'));
            end += digits;
            if (group < Groups - 1)
            {
                text[end++] = (byte)':';
            }
        }

        return end;
    }

    /// <summary>The run of zero groups that becomes "::": the longest, the first of equals, and none of a single group (RFC 5952
    /// §4.2).</summary>
    private static (int First, int Count) LongestZeros(ReadOnlySpan<byte> bytes)
    {
        (int First, int Count) best = (-1, 1);
        int length = 0;
        for (int group = 0; group < Groups; group++)
        {
            length = (bytes[group * 2] | bytes[group * 2 + 1]) == 0 ? length + 1 : 0;
            if (length > best.Count)
            {
                best = (group - length + 1, length);
            }
        }

        return best;
    }
}
