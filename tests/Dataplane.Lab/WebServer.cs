using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Dataplane.Lab;

/// <summary>A running web server of the lab.</summary>
public sealed class WebServer
{
    private readonly string _accessLog;

    private WebServer(string accessLog) => _accessLog = accessLog;

    /// <summary>The clients that asked for <paramref name="path"/>, as "address port", one per request.</summary>
    public IReadOnlyList<string> ClientsOf(string path) =>
    [
        .. File.ReadLines(_accessLog)
            .Select(line => line.Split(' '))
            .Where(parts => parts[3] == path)
            .Select(parts => $"{parts[0]} {parts[1]}"),
    ];

    /// <summary>Starts one on <paramref name="address"/> in <paramref name="host"/>; it lives as long as the lab.</summary>
    public static WebServer Start(Lab lab, NetworkNamespace host, string address, int port = LabAddresses.WebPort)
    {
        ArgumentNullException.ThrowIfNull(lab);
        string log = Path.Combine(lab.Folder, $"access-{address}-{port}.log");
        lab.Serve(
            host,
            server => server.Log.Contains("ready", StringComparison.Ordinal),
            "python3",
            RepositoryPaths.HttpServer,
            address,
            port.ToString(CultureInfo.InvariantCulture),
            lab.Web.Folder,
            log);
        return new WebServer(log);
    }
}
