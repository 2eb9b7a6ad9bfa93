using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading;
using Xunit;

namespace Dataplane.Lab.Tests;

/// <summary>A connection that the router does not know the beginning of, because it was started again meanwhile.</summary>
public sealed class InvalidStateTests : LabTest
{
    private const string Unreachable = "Icmp6InDestUnreachs";
    private const string Far6Url = $"http://[{LabAddresses.Far6}]/";
    private const int UploadBytes = 8_000_000; // at 2 MB/s: 4 s, the restart takes about one
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(6);

    [Fact]
    public void Without_a_rule_its_segments_are_dropped_by_name() => AcrossARestart(invalid: null, (lab, curl, _) =>
    {
        Assert.False(curl.WaitForExit(s_patience), $"curl ended with {curl.Log}");
        Assert.True(NotSyn(lab) > 0);
        Assert.Equal(0, lab.Topology.Client.KernelCounter(Unreachable));
    });

    [Fact]
    public void A_rule_for_invalid_packets_tells_the_client_that_they_are_refused() =>
        AcrossARestart(invalid: "reject", (lab, curl, _) =>
        {
            // An error is a hint to a TCP that is connected, not its end (RFC 5461 §2): curl itself goes on trying.
            Assert.False(curl.WaitForExit(s_patience), $"curl ended with {curl.Log}");
            Assert.True(NotSyn(lab) > 0);
            Assert.InRange(lab.Topology.Client.KernelCounter(Unreachable), 1, NotSyn(lab));
        });

    [Fact]
    public void A_rule_for_invalid_packets_lets_an_untranslated_connection_go_on() =>
        AcrossARestart(invalid: "accept", (lab, curl, expected) =>
        {
            Assert.True(curl.WaitForExit(TimeSpan.FromSeconds(30)), "curl has not ended");
            Assert.Equal(0, curl.ExitCode);
            Assert.Equal(expected, WebFiles.Checksum(Path.Combine(lab.Web.Folder, "uploaded.bin")));
            Assert.Equal(0, NotSyn(lab));
        });

    private static void AcrossARestart(string? invalid, Action<Lab, BackgroundProcess, string> test)
    {
        LabOptions options = new() { Configure = root => AddRule(root, invalid) };
        InLab(options, lab =>
        {
            lab.Topology.EnableIpv6();
            WebServer.Start(lab, lab.Topology.Internet, LabAddresses.Far6);
            string expected = lab.Web.Make("upload.bin", UploadBytes);
            using BackgroundProcess curl = lab.Topology.Client.Start(
                "curl", "--silent", "--limit-rate", "2M", "-T", Path.Combine(lab.Web.Folder, "upload.bin"),
                Far6Url + "uploaded.bin");
            Thread.Sleep(1000);
            Assert.False(curl.HasExited, curl.Log);
            lab.Start(new DataplaneRouter(lab.Topology, lab.Options, lab.Folder));
            test(lab, curl, expected);
        });
    }

    private static void AddRule(JsonObject root, string? action)
    {
        if (action is not null)
        {
            root["Filter"]!["5"] = new JsonObject { ["Match"] = new JsonObject { ["State"] = "invalid" }, ["Do"] = action };
        }
    }

    private static long NotSyn(Lab lab) =>
        lab.Dataplane.Drops().SingleOrDefault(row => row.Reason == "tcp_not_syn")?.Packets ?? 0;
}
