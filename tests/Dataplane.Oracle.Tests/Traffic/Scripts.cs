using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Dataplane.Packet;

namespace Dataplane.Oracle.Tests;

/// <summary>Reads scripts of flows of any protocol.</summary>
/// <remarks>
/// Lines that begin with a word in lower case, or SCTP's chunk names, are not TCP's (<see cref="TcpScript"/>):
/// <code>
/// > data l=PAYLOAD [bad zero long short less udp]     UDP, UDP-Lite, GRE, anything
/// > echo SEQUENCE [bad] [reversed]                  request from the client, reply from the server, or the other way round
/// > error TYPE/CODE quote=BYTES [port=OFFSET] [outgoing] [elsewhere] [bad]
/// > Init v=TAG i=TAG [bad]                          SCTP, any chunk by its name
/// </code>
/// </remarks>
internal static class Scripts
{
    /// <summary>The packet of a line, whatever is expected of it.</summary>
    /// <exception cref="FormatException">The line cannot be read.</exception>
    public static Stimulus Parse(Flow flow, string line)
    {
        string[] words = line.Split(':')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        bool isTcp = char.IsUpper(words[1][0]) && words[1].All(letter => char.IsUpper(letter)) || words[1] == "0";
        if (isTcp)
        {
            return TcpScript.Parse(line).Segment.Of(flow);
        }

        Side side = words[0] == ">" ? Side.Lan : words[0] == "<" ? Side.Wan : throw new FormatException($"no direction in '{line}'");
        HashSet<string> flags = [.. words.Skip(2).Where(word => !word.Contains('='))];
        string damage = flags.FirstOrDefault(flag => flag is "bad" or "zero" or "long" or "short" or "less" or "udp") ?? "";
        return words[1] switch
        {
            "data" => OtherPackets.Data(flow, side, Number(words, "l"), damage),
            "echo" => OtherPackets.Echo(flow, side, ushort.Parse(words[2], CultureInfo.InvariantCulture), flags.Contains("reversed"), damage),
            "error" => ErrorPackets.About(flow, side, Error(words, flags)),
            _ => OtherPackets.Sctp(flow, side, Enum.Parse<SctpChunkType>(words[1]), (uint)Number(words, "v"), (uint)Number(words, "i"), damage),
        };
    }

    /// <summary>What a line expects: the state behind a forwarded packet, or "drop"; empty for nothing.</summary>
    public static string Expected(string line) => line.Split(':', 2) is [_, string expected] ? expected.Trim() : "";

    private static ErrorShape Error(string[] words, HashSet<string> flags)
    {
        string[] kind = words[2].Split('/');
        return new ErrorShape(byte.Parse(kind[0], CultureInfo.InvariantCulture), byte.Parse(kind[1], CultureInfo.InvariantCulture), Number(words, "quote"))
        {
            PortOffset = Number(words, "port"),
            IsOutgoing = flags.Contains("outgoing"),
            IsElsewhere = flags.Contains("elsewhere"),
            HasBadChecksum = flags.Contains("bad"),
        };
    }

    private static int Number(string[] words, string name) =>
        words.FirstOrDefault(word => word.StartsWith(name + "=", StringComparison.Ordinal)) is string word
            ? int.Parse(word.AsSpan(name.Length + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0;
}
