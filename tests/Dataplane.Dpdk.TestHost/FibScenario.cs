using Dataplane.Dpdk;
using Dataplane.Packet;

namespace Dataplane.Dpdk.TestHost;

internal static class FibScenario
{
    /// <summary>fib PREFIX: next hops of four addresses, before and after a deletion and a replacement.</summary>
    internal static void Run(string[] arguments)
    {
        Eal.Initialize(EalScenarios.Options(arguments[0]));
        using Fib fib = Fib.Create("routes", 64, 64, defaultNextHop: 99);
        fib.Add(Ipv4Address.Parse("10.0.0.0"), 8, 1);
        fib.Add(Ipv4Address.Parse("10.1.0.0"), 16, 2);
        fib.Add(Ipv4Address.Parse("10.1.2.128"), 25, 3);
        ReportLookups("first", fib);
        Program.Report("removed", fib.Remove(Ipv4Address.Parse("10.1.2.128"), 25));
        Program.Report("removed-again", fib.Remove(Ipv4Address.Parse("10.1.2.128"), 25));
        fib.Add(Ipv4Address.Parse("10.0.0.0"), 8, 7);
        ReportLookups("second", fib);
        fib.Add(Ipv4Address.Parse("10.0.0.0"), 33, 1);
    }

    private static void ReportLookups(string name, Fib fib)
    {
        string[] addresses = ["10.9.9.9", "10.1.9.9", "10.1.2.200", "192.0.2.1"];
        foreach (string address in addresses)
        {
            Program.Report($"{name}-{address}", fib.Lookup(Ipv4Address.Parse(address)));
        }
    }
}
