using System;
using System.Collections.Generic;
using System.Linq;

namespace Dataplane.Datapath.Tests;

/// <summary>Datagrams cut into pieces at random.</summary>
internal static class FragmentShapes
{
    /// <summary>The pieces of a datagram in order: all but the last of whole units of 8 bytes.</summary>
    /// <param name="random">Where to cut.</param>
    /// <param name="lengthBytes">Of the datagram, at least 9.</param>
    /// <param name="pieceBytesMin">Of every piece but the last.</param>
    public static List<(int Offset, int Length, bool IsLast)> Cut(Random random, int lengthBytes, int pieceBytesMin = 8)
    {
        List<(int, int, bool)> pieces = [];
        int unitsMax = Math.Max(pieceBytesMin / 8, lengthBytes / random.Next(8, 200));
        int offset = 0;
        while (lengthBytes - offset > pieceBytesMin && pieces.Count < 50)
        {
            int length = Math.Min(random.Next(pieceBytesMin / 8, unitsMax + 1) * 8, (lengthBytes - offset - 1) / 8 * 8);
            pieces.Add((offset, length, false));
            offset += length;
        }

        pieces.Add((offset, lengthBytes - offset, true));
        return pieces;
    }

    /// <summary>A datagram's pieces in any order, some of them lost, repeated, moved, resized, or with another flag.</summary>
    public static (int Offset, int Length, bool IsLast)[] Disturbed(Random random)
    {
        List<(int Offset, int Length, bool IsLast)> pieces = Cut(random, random.Next(9, random.Next(2) == 0 ? 400 : 65535));
        (int Offset, int Length, bool IsLast)[] sound = [.. pieces];
        for (int changes = random.Next(3) == 0 ? random.Next(4) : 0; changes > 0; changes--)
        {
            (int offset, int length, bool isLast) = sound[random.Next(sound.Length)];
            switch (random.Next(6))
            {
                case 0:
                    pieces.Add((offset, length, isLast));
                    break;
                case 1:
                    pieces.Remove((offset, length, isLast));
                    break;
                case 2:
                    pieces.Add((offset, length, !isLast));
                    break;
                case 3:
                    pieces.Add((offset, Math.Max(1, Math.Min(length + random.Next(-16, 17), 65535 - offset)), isLast));
                    break;
                case 4:
                    int moved = Math.Clamp(offset + random.Next(-2, 3) * 8, 0, 65528);
                    pieces.Add((moved, Math.Min(length, 65535 - moved), isLast));
                    break;
                default:
                    pieces.AddRange(sound.Take(random.Next(sound.Length + 1)));
                    break;
            }
        }

        (int, int, bool)[] shuffled = [.. pieces];
        if (random.Next(3) != 0)
        {
            random.Shuffle(shuffled);
        }

        return shuffled;
    }
}
