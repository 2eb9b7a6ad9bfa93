using System;
using System.Globalization;
using System.IO;

namespace Dataplane.Os;

/// <summary>Reads from the kernel how much of a mapping it really backs with transparent huge pages.</summary>
internal static unsafe class TransparentHugePages
{
    /// <summary>
    /// The sum of <c>AnonHugePages</c> over the areas of /proc/self/smaps inside the range, in bytes; 0 where
    /// the file cannot be read. A neighbour that the kernel merged into the same area may add to it, so callers
    /// compare with a share of the length and not for equality.
    /// </summary>
    internal static long BytesIn(byte* address, long lengthBytes)
    {
        ulong first = (ulong)address;
        ulong end = first + (ulong)lengthBytes;
        long total = 0;
        bool inside = false;
        try
        {
            foreach (string line in File.ReadLines("/proc/self/smaps"))
            {
                if (TryParseArea(line, out ulong areaFirst, out ulong areaEnd))
                {
                    inside = areaFirst < end && areaEnd > first;
                }
                else if (inside && line.StartsWith("AnonHugePages:", StringComparison.Ordinal))
                {
                    total += ParseKiB(line) * 1024;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return 0;
        }

        return total;
    }

    /// <summary>Area lines start <c>7f0000000000-7f0000200000 rw-p</c>; attribute lines start with a word and a colon.</summary>
    private static bool TryParseArea(string line, out ulong first, out ulong end)
    {
        first = 0;
        end = 0;
        int dash = line.IndexOf('-', StringComparison.Ordinal);
        int blank = line.IndexOf(' ', StringComparison.Ordinal);
        return dash > 0 && blank > dash
            && TryParseHex(line.AsSpan(0, dash), out first)
            && TryParseHex(line.AsSpan(dash + 1, blank - dash - 1), out end);
    }

    private static bool TryParseHex(ReadOnlySpan<char> text, out ulong value) =>
        ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);

    private static long ParseKiB(string line)
    {
        ReadOnlySpan<char> rest = line.AsSpan(line.IndexOf(':', StringComparison.Ordinal) + 1).Trim();
        int blank = rest.IndexOf(' ');
        return long.TryParse(blank < 0 ? rest : rest[..blank], NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : 0;
    }
}
