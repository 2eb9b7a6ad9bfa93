using System;
using System.Collections.Generic;
using System.Globalization;

namespace Dataplane.Lab;

/// <summary>What came of a number of questions.</summary>
/// <param name="SeenAs">For each answered question the address that the server saw it come from.</param>
/// <param name="Command">The client's run.</param>
public sealed record MessageExchange(IReadOnlyList<string> SeenAs, CommandResult Command);

/// <summary>Questions and answers over protocols that few programs speak.</summary>
public static class Messages
{
    /// <summary>The port of servers whose protocol has ports.</summary>
    public const int Port = 7777;

    /// <summary>The key of every GRE packet (RFC 2890).</summary>
    public const int GreKey = 0x2a;

    /// <summary>Starts a server in <paramref name="host"/> that lives as long as the lab.</summary>
    /// <param name="lab">The lab.</param>
    /// <param name="host">Where it runs.</param>
    /// <param name="protocol">udp, udplite, gre or esp.</param>
    /// <param name="address">Its address, of either family.</param>
    /// <exception cref="LabException">It did not come up: perhaps the kernel lacks the protocol.</exception>
    public static void Serve(Lab lab, NetworkNamespace host, string protocol, string address)
    {
        ArgumentNullException.ThrowIfNull(lab);
        lab.Serve(
            host,
            server => server.Log.Contains("ready", StringComparison.Ordinal),
            "python3", RepositoryPaths.HostProgram("messages.py"), "serve", protocol, address);
    }

    /// <summary>Asks that server <paramref name="count"/> questions, one after the other.</summary>
    public static MessageExchange Ask(NetworkNamespace from, string protocol, string address, int count)
    {
        ArgumentNullException.ThrowIfNull(from);
        CommandResult client = from.Run(
            TimeSpan.FromSeconds(5 + 2 * count),
            "python3", RepositoryPaths.HostProgram("messages.py"), "ask", protocol, address,
            count.ToString(CultureInfo.InvariantCulture));
        return new MessageExchange(client.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), client);
    }
}
