using System;
using System.Collections.Generic;
using Dataplane.Dpdk;

namespace Dataplane.Dpdk.TestHost;

/// <summary>One scenario a process. Results are lines <c>name=value</c> on stdout; an expected error ends with exit code 3.</summary>
internal static class Program
{
    private static readonly Dictionary<string, Action<string[]>> Scenarios = new()
    {
        ["start"] = EalScenarios.Start,
        ["start-twice"] = EalScenarios.StartTwice,
        ["hold"] = EalScenarios.Hold,
        ["lcores"] = EalScenarios.Lcores,
        ["open"] = PortScenarios.Open,
        ["loop"] = PortScenarios.Loop,
        ["limits"] = PortScenarios.Limits,
        ["null"] = PortScenarios.Null,
        ["fib"] = FibScenario.Run,
        ["fib6"] = Fib6Scenario.Run,
        ["fib6-refused"] = Fib6Scenario.Refused,
        ["answer"] = AnswerScenario.Run,
    };

    private static int Main(string[] arguments)
    {
        if (arguments.Length == 0 || !Scenarios.TryGetValue(arguments[0], out Action<string[]>? scenario))
        {
            Console.Error.WriteLine($"usage: {string.Join('|', Scenarios.Keys)} [argument…]");
            return 2;
        }

        try
        {
            scenario(arguments[1..]);
            return 0;
        }
        catch (DpdkException error)
        {
            Report("error", error.Message);
            Report("remedy", error.Remedy ?? string.Empty);
            Report("errno", error.Errno);
            return 3;
        }
    }

    internal static void Report(string name, object value) => Console.Out.WriteLine($"{name}={value}");
}
