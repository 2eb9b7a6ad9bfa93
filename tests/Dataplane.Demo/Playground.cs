using System;
using System.IO;
using Dataplane.Lab;

namespace Dataplane.Demo;

/// <summary>The router in the lab until Ctrl-C: hosts around it to try commands in.</summary>
internal static class Playground
{
    public static int Run(string config)
    {
        if (!File.Exists(config))
        {
            throw new LabException($"{config}: no such file");
        }

        using Lab.Lab lab = Lab.Lab.Create(new LabOptions());
        DataplaneRouter router = new(lab.Topology, lab.Options, lab.Folder, config);
        lab.Start(router);
        lab.Topology.EnableIpv6();
        WebServer.Start(lab, lab.Topology.Internet, LabAddresses.Far);
        WebServer.Start(lab, lab.Topology.Internet, LabAddresses.Far6);
        WebServer.Start(lab, lab.Topology.Server, LabAddresses.Server);
        File.WriteAllText(Path.Combine(lab.Web.Folder, "hello.txt"), "hello\n");
        Console.Write(router.Log);
        Console.WriteLine($"""

            The router runs (process {router.ProcessId}). Try, in another terminal:

              ip netns exec {lab.Topology.Client.Name} curl http://{LabAddresses.Far}/hello.txt
              ip netns exec {lab.Topology.Client.Name} curl http://[{LabAddresses.Far6}]/hello.txt
              ip netns exec {lab.Topology.Internet.Name} curl http://{LabAddresses.RouterWan}:{LabAddresses.PublishedPort}/hello.txt
              dotnet {RepositoryPaths.RouterAssembly} show conntrack --socket {router.SocketPath}

            Ctrl-C ends it and removes everything.
            """);
        if (!Interruption.Wait(() => router.HasExited))
        {
            throw new LabException($"the router ended by itself:\n{router.Log}");
        }

        return router.Stop().ExitCode;
    }
}
