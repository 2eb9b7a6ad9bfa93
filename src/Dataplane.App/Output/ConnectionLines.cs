using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Dataplane.App.Output;

/// <summary>Connections in the line format of conntrack(8), which people and scripts know.</summary>
internal static class ConnectionLines
{
    /// <summary>Writes a line for each connection as it arrives, and their number to standard error.</summary>
    internal static void Write(Terminal terminal, IEnumerable<JsonElement> rows)
    {
        long count = 0;
        foreach (JsonElement row in rows)
        {
            terminal.Out.WriteLine(Format(row));
            count++;
        }

        terminal.Out.Flush();
        terminal.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} connection{(count == 1 ? "" : "s")} shown"));
    }

    /// <summary>
    /// <c>tcp 6 431999 ESTABLISHED src= dst= sport= dport= packets= bytes= [UNREPLIED] src= … [ASSURED] mark= label= zone=</c>;
    /// label and zone only where there is one, an ICMP id or GRE keys in place of ports, nothing where a protocol has neither.
    /// </summary>
    internal static string Format(JsonElement row)
    {
        StringBuilder line = new();
        string protocol = row.GetProperty("protocol").GetString() ?? "";
        line.Append(CultureInfo.InvariantCulture, $"{protocol,-8} {row.GetProperty("protocolNumber").GetInt32()} ");
        line.Append(CultureInfo.InvariantCulture, $"{row.GetProperty("timeoutSeconds").GetInt64()} ");
        if (protocol is "tcp" or "sctp" or "dccp")
        {
            line.Append(row.GetProperty("state").GetString()?.ToUpperInvariant()).Append(' ');
        }

        AppendTuple(line, protocol, row.GetProperty("original"));
        line.Append(row.GetProperty("seenReply").GetBoolean() ? "" : "[UNREPLIED] ");
        AppendTuple(line, protocol, row.GetProperty("reply"));
        line.Append(row.GetProperty("assured").GetBoolean() ? "[ASSURED] " : "");
        line.Append(CultureInfo.InvariantCulture, $"mark={row.GetProperty("mark").GetUInt32()}");
        if (row.GetProperty("label").GetString() is { } label)
        {
            line.Append(" label=0x").Append(label);
        }

        if (row.GetProperty("zone").GetInt32() is not 0 and int zone)
        {
            line.Append(CultureInfo.InvariantCulture, $" zone={zone}");
        }

        return line.ToString();
    }

    private static void AppendTuple(StringBuilder line, string protocol, JsonElement tuple)
    {
        int source = tuple.GetProperty("sourcePort").GetInt32();
        int destination = tuple.GetProperty("destinationPort").GetInt32();
        line.Append("src=").Append(tuple.GetProperty("source").GetString());
        line.Append(" dst=").Append(tuple.GetProperty("destination").GetString()).Append(' ');
        line.Append(protocol switch
        {
            // One of the two fields carries the query's id; the other is the type, which its request fixes.
            "icmp" or "icmpv6" => string.Create(CultureInfo.InvariantCulture, $"id={(source != 0 ? source : destination)} "),
            "gre" => string.Create(CultureInfo.InvariantCulture, $"srckey=0x{source:x} dstkey=0x{destination:x} "),
            "unknown" => "",
            _ => string.Create(CultureInfo.InvariantCulture, $"sport={source} dport={destination} "),
        });

        line.Append(CultureInfo.InvariantCulture,
            $"packets={tuple.GetProperty("packets").GetUInt64()} bytes={tuple.GetProperty("bytes").GetUInt64()} ");
    }
}
