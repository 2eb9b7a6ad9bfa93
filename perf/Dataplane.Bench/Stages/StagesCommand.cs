using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;
using Dataplane.Datapath;
using Dataplane.Dpdk;
using Dataplane.Os;

namespace Dataplane.Bench.Stages;

/// <summary>The command line of <see cref="StageProfile"/>, its table and its JSON.</summary>
internal static class StagesCommand
{
    /// <summary>The accounts in the order of a packet's way.</summary>
    private static readonly int[] s_order =
    [
        StageAccounts.Port,
        .. Enum.GetValues<PipelineStage>().Where(stage => stage != PipelineStage.Poll).Select(stage => (int)stage),
        (int)PipelineStage.Poll,
    ];

    /// <param name="json">Where the results go.</param>
    /// <param name="write">Writes them and gives the exit code.</param>
    public static Command Create(Option<FileInfo?> json, Func<FileInfo?, Dictionary<string, object>, int> write)
    {
        Option<StageTraffic> traffic = new("--traffic") { Description = "what the packets are" };
        Option<int> flows = new("--flows") { Description = "connections", DefaultValueFactory = _ => 1_000_000 };
        Option<string> protocol = new("--protocol")
        {
            Description = "udp, or tcp with sequence numbers that advance; a flood is always tcp",
            DefaultValueFactory = _ => "udp",
        };
        Option<double> seconds = new("--seconds")
        {
            Description = "length of each repeat of established traffic or a flood, unmarked and marked each",
            DefaultValueFactory = _ => 1,
        };
        Option<int> repeats = new("--repeats") { Description = "repeats", DefaultValueFactory = _ => 5 };
        protocol.AcceptOnlyFromAmong("udp", "tcp");
        flows.Require(value => value is >= 1 and <= 100_000_000, "--flows: 1 to 100000000");
        seconds.Require(value => value is > 0 and <= 600, "--seconds: more than 0, up to 600");
        repeats.Require(value => value is >= 1 and <= 1000, "--repeats: 1 to 1000");
        Command command = new("stages", "cycles that a packet takes in each stage of the pipeline, on memory ports")
        {
            traffic, flows, protocol, seconds, repeats, json,
        };
        command.Validators.Add(result =>
        {
            // As written: a name that is none has an error of its own and no value.
            string? Written(Option option) => result.GetResult(option) is { Tokens: [var token] } ? token.Value : null;
            if (Written(protocol) == "udp" && nameof(StageTraffic.Flood).Equals(Written(traffic), StringComparison.OrdinalIgnoreCase))
            {
                result.AddError("--traffic flood: SYN segments, which are --protocol tcp");
            }
        });
        command.SetAction(parsed =>
        {
            StageSettings settings = new(
                parsed.GetValue(traffic), parsed.GetValue(flows),
                parsed.GetValue(traffic) == StageTraffic.Flood || parsed.GetValue(protocol) == "tcp",
                parsed.GetValue(seconds), parsed.GetValue(repeats));
            try
            {
                StageProfile profile = StageProfile.Run(settings);
                Print(settings, profile);
                return write(parsed.GetValue(json), Describe(settings, profile));
            }
            catch (Exception error) when (error is OsException or DpdkException)
            {
                Console.Error.WriteLine($"bench: {error.Message}");
                return 1;
            }
        });
        return command;
    }

    private static void Print(StageSettings settings, StageProfile profile)
    {
        double gigahertz = TimeStampCounter.Gigahertz;
        double sum = Sum(profile);
        Line($"stages: {Name(settings.Traffic)}, {Protocol(settings)}, {settings.Flows:N0} flows, TSC {gigahertz:F2} GHz");
        Line($"  {"stage",-18}{"cycles a packet, median (range)",-34}{"ns",8}{"share",9}");
        foreach (int account in s_order)
        {
            Measurement cycles = profile.Cycles(account);
            Line($"  {Name(account),-18}{cycles,-34}{cycles.Median / gigahertz,8:F2}{cycles.Median / sum,9:P1}");
        }

        Line($"  {"all",-18}{sum,-34:F2}{sum / gigahertz,8:F2}{1,9:P1}");
        Line($"  taken off for readings     {profile.Readings} cycles a packet");
        Line($"  cost of a reading          {profile.StageCost} cycles at a stage's end, {profile.PortCost} around a call of the port");
        Line($"  unmarked, ns a packet      {profile.Plain}");
        Line($"  marked, ns a packet        {profile.Timed}");
        Line($"  booked of elapsed cycles   {profile.Booked.Median:P3}, {profile.Away.Median:P1} on others that had the processor");
        Line($"  wrong packets, failures    {profile.BadPackets}, {profile.Failures}");
    }

    private static Dictionary<string, object> Describe(StageSettings settings, StageProfile profile)
    {
        double gigahertz = TimeStampCounter.Gigahertz;
        double sum = Sum(profile);
        Measurement mpps = new([.. profile.Plain.Runs.Select(nanoseconds => 1000 / nanoseconds)]);
        return new Dictionary<string, object>
        {
            ["scenario"] = "stages",
            ["traffic"] = Name(settings.Traffic),
            ["flows"] = settings.Flows,
            ["workers"] = 1,
            ["protocol"] = Protocol(settings),
            ["mpps"] = mpps.Median,
            ["median"] = mpps.Median,
            ["repeat"] = mpps.Runs,
            ["ns_per_packet"] = profile.Plain.Median,
            ["cycles_per_packet"] = profile.Plain.Median * gigahertz,
            ["marked_ns_per_packet"] = profile.Timed.Median,
            ["marked_repeat_ns_per_packet"] = profile.Timed.Runs,
            ["tsc_gigahertz"] = gigahertz,
            ["stages"] = s_order.Select(account => new Dictionary<string, object>
            {
                ["stage"] = Name(account).Replace(' ', '_'),
                ["cycles_per_packet"] = profile.Cycles(account).Median,
                ["ns_per_packet"] = profile.Cycles(account).Median / gigahertz,
                ["share"] = profile.Cycles(account).Median / sum,
                ["repeat"] = profile.Cycles(account).Runs,
            }).ToArray(),
            ["stages_cycles_per_packet"] = sum,
            ["readings_cycles_per_packet"] = profile.Readings.Median,
            ["cycles_per_stage_end"] = profile.StageCost.Median,
            ["cycles_per_port_call"] = profile.PortCost.Median,
            ["booked_of_elapsed"] = profile.Booked.Median,
            ["away_of_elapsed"] = profile.Away.Median,
            ["bad_packets"] = profile.BadPackets,
            ["failures"] = profile.Failures,
        };
    }

    private static double Sum(StageProfile profile) => s_order.Sum(account => profile.Cycles(account).Median);

    private static string Protocol(StageSettings settings) => settings.IsTcp ? "tcp" : "udp";

    private static string Name(StageTraffic traffic) => JsonNamingPolicy.SnakeCaseLower.ConvertName(traffic.ToString());

    private static string Name(int account) => account switch
    {
        StageAccounts.Port => "generator port",
        (int)PipelineStage.Poll => "rest of the poll",
        _ => JsonNamingPolicy.SnakeCaseLower.ConvertName(((PipelineStage)account).ToString()).Replace('_', ' '),
    };

    private static void Line(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
