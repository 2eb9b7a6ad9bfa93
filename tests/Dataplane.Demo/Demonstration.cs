using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Lab;
using Spectre.Console;

namespace Dataplane.Demo;

/// <summary>Runs the checklist and prints what was seen; exit code 0 only if every check held.</summary>
internal static class Demonstration
{
    /// <summary>With the router under test, on AF_XDP; on AF_PACKET where that does not start, and says so.</summary>
    public static int Run()
    {
        PrepareOutput();
        using Lab.Lab lab = Start();
        DataplaneRouter router = lab.Dataplane;
        AnsiConsole.MarkupLineInterpolated($"[bold]{router.Description}[/] (process {router.ProcessId})\n");
        Checklist list = new(lab);
        Traffics(list);
        Print(list.ConnectionTable(router));
        list.Balance(router);
        list.CleanStop(router);
        return Finish(list.Checks, router.Log);
    }

    /// <summary>With Linux as the router: shows what the checks say of a known-good one.</summary>
    public static int RunWithKernel()
    {
        PrepareOutput();
        using Lab.Lab lab = Lab.Lab.WithKernel(new LabOptions());
        AnsiConsole.MarkupLineInterpolated($"[bold]{lab.Router!.Description}[/]\n");
        Checklist list = new(lab);
        Traffics(list);
        return Finish(list.Checks, log: string.Empty);
    }

    private static Lab.Lab Start()
    {
        try
        {
            return Lab.Lab.WithDataplane(new LabOptions { Device = DeviceKind.AfXdp });
        }
        catch (LabException e)
        {
            AnsiConsole.MarkupLineInterpolated($"[yellow]AF_XDP does not work here, falling back to AF_PACKET:[/] {e.Message}");
            return Lab.Lab.WithDataplane(new LabOptions { Device = DeviceKind.AfPacket });
        }
    }

    private static void Traffics(Checklist list)
    {
        (string Name, Action Do)[] steps =
        [
            ("servers", list.Serve),
            ("ping", () => { list.Ping(); list.Ping6(); }),
            ("traceroute", () => { list.TraceRoute(icmp: false); list.TraceRoute(icmp: true); list.TraceRoute6(); }),
            ("SNAT", () => { list.Download(); list.SourceTranslation(); }),
            ("DNAT", list.Published),
            ("IPv6", list.Download6),
            ("forged resets", list.ForgedResets),
            ("iperf3", () => { list.Iperf(reverse: false); list.Iperf(reverse: true); }),
        ];
        foreach ((string name, Action run) in steps)
        {
            AnsiConsole.MarkupLineInterpolated($"[grey]… {name}[/]");
            run();
        }
    }

    private static void Print(IReadOnlyList<ConnectionRow> connections)
    {
        Table table = new Table().Border(TableBorder.Rounded).Title("connections while downloads run")
            .AddColumns("protocol", "state", "original", "reply");
        foreach (ConnectionRow row in connections.Take(12))
        {
            table.AddRow(Cell(row.Protocol), Cell(row.State), Cell(Tuple(row.Original)), Cell(Tuple(row.Reply)));
        }

        AnsiConsole.Write(table);
        if (connections.Count > 12)
        {
            AnsiConsole.WriteLine($"and {connections.Count - 12} more");
        }
    }

    private static int Finish(IReadOnlyList<Check> checks, string log)
    {
        Interruption.LetExit();
        Table table = new Table().Border(TableBorder.Rounded).AddColumns("check", "expected", "seen", "ok");
        foreach (Check check in checks)
        {
            Markup ok = new(check.Holds ? "[green]yes[/]" : "[red]NO[/]");
            table.AddRow(Cell(check.Name), Cell(check.Expected), Cell(check.Seen), ok);
        }

        AnsiConsole.Write(table);
        int wrong = checks.Count(check => !check.Holds);
        if (wrong == 0)
        {
            AnsiConsole.MarkupLineInterpolated($"[green]all {checks.Count} checks held[/]");
            return 0;
        }

        AnsiConsole.MarkupLineInterpolated($"[red]{wrong} of {checks.Count} checks did not hold[/]");
        AnsiConsole.WriteLine(log);
        return 1;
    }

    // A log has neither a width nor colours: without a terminal the columns would be folded at 80 characters.
    private static void PrepareOutput()
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = 160;
            AnsiConsole.Profile.Capabilities.Ansi = false;
        }
    }

    private static Text Cell(string text) => new(text);

    private static string Tuple(TupleRow tuple) =>
        $"{Host(tuple.Source)}:{tuple.SourcePort} → {Host(tuple.Destination)}:{tuple.DestinationPort}";

    private static string Host(string address) => address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;
}
