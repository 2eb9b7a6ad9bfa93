using System;
using System.Globalization;
using Dataplane.Packet;

namespace Dataplane.Oracle.Tests;

/// <summary>TCP conversations as text, one segment a line.</summary>
/// <remarks>
/// <code>
/// "> SA 0 a=1 w=1000 ws=7 : SYN_RECV"
///  direction, flags of SFRPAUEC or 0, sequence number; then any of
///  a=ACK  l=PAYLOAD  w=WINDOW (unscaled, 1000 if left out)  ws=SHIFT  ts  sack=LEFT..RIGHT  bad (checksum)  : expected
/// </code>
/// Numbers count from each side's own initial one. What is expected, of both routers, is a state's name behind a forwarded packet, or "drop"; "drop
/// STATE" names the state as well. Where nothing is expected the routers only have to agree.
/// </remarks>
internal static class TcpScript
{
    private const uint ClientInitial = 1_000_000;
    private const uint ServerInitial = 4_294_966_000; // wraps within the first segments

    public static readonly (TcpFlags Flag, char Letter)[] Letters =
    [
        (TcpFlags.Syn, 'S'), (TcpFlags.Fin, 'F'), (TcpFlags.Rst, 'R'), (TcpFlags.Psh, 'P'), (TcpFlags.Ack, 'A'), (TcpFlags.Urg, 'U'),
        (TcpFlags.Ece, 'E'), (TcpFlags.Cwr, 'C'),
    ];

    /// <summary>A segment and what shall become of it.</summary>
    /// <exception cref="FormatException">The line cannot be read.</exception>
    public static (Segment Segment, string Expected) Parse(string line)
    {
        string[] halves = line.Split(':', StringSplitOptions.TrimEntries);
        string[] words = halves[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Side side = words[0] switch
        {
            ">" => Side.Lan,
            "<" => Side.Wan,
            _ => throw new FormatException($"no direction in '{line}'"),
        };
        uint own = side == Side.Lan ? ClientInitial : ServerInitial;
        uint peer = side == Side.Lan ? ServerInitial : ClientInitial;
        Segment segment = new(side, Flags(words[1]), own + Number(words[2]), 0);
        foreach (string word in words.AsSpan(3))
        {
            segment = With(segment, word, peer);
        }

        return (segment, halves.Length > 1 ? halves[1] : "");
    }

    private static Segment With(Segment segment, string word, uint peer)
    {
        string[] pair = word.Split('=');
        return pair[0] switch
        {
            "a" => segment with { Acknowledgment = peer + Number(pair[1]) },
            "l" => segment with { PayloadBytes = (int)Number(pair[1]) },
            "w" => segment with { Window = (ushort)Number(pair[1]) },
            "ws" => segment with { Scale = (int)Number(pair[1]) },
            "sack" => segment with { Sack = (peer + Number(pair[1].Split("..")[0]), peer + Number(pair[1].Split("..")[1])) },
            "ts" => segment with { HasTimestamps = true },
            "bad" => segment with { HasBadChecksum = true },
            _ => throw new FormatException($"'{word}' means nothing"),
        };
    }

    private static TcpFlags Flags(string letters)
    {
        TcpFlags flags = 0;
        foreach (char letter in letters)
        {
            flags |= letter == '0' ? 0 : Array.Find(Letters, pair => pair.Letter == letter) is { Flag: not 0 } found ? found.Flag
                : throw new FormatException($"'{letter}' is no flag");
        }

        return flags;
    }

    /// <summary>Decimal, perhaps negative: modulo 2^32 as sequence numbers are.</summary>
    private static uint Number(string text) => (uint)long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
