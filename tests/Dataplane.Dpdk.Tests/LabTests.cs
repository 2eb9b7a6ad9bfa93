using System;
using System.Diagnostics;
using System.Linq;
using Xunit;

namespace Dataplane.Dpdk.Tests;

/// <summary>Kernel interfaces for real: a veth pair between two namespaces, the driver at one end, ping at the other.</summary>
/// <remarks>Needs root, iproute2, ethtool and ping. The namespaces go with each test, also when it fails.</remarks>
[Collection(nameof(HostProcess))]
public sealed class LabTests : IDisposable
{
    private const int Hosts = 16; // the kernel spreads by address: one of 2^15 runs would use one queue only
    private readonly string _client = $"dpdkt-c-{Environment.ProcessId}";
    private readonly string _router = $"dpdkt-r-{Environment.ProcessId}";

    [Theory]
    [InlineData("af_xdp:dpdkt1", 1, HugepageMode.Off)]
    [InlineData("af_xdp:dpdkt1", 2, HugepageMode.Off)]
    [InlineData("af_xdp:dpdkt1", 2, HugepageMode.Auto)]
    [InlineData("af_packet:dpdkt1", 1, HugepageMode.Off)]
    [InlineData("af_packet:dpdkt1", 2, HugepageMode.Auto)]
    public void Every_ping_is_answered_over_every_queue(string device, int queues, HugepageMode hugepages)
    {
        MakeNamespaces(queues);
        using HostProcess host = StartHost(device, queues, hugepages);
        Assert.Equal("errors=0", host.ReadLine());
        Assert.StartsWith("mac=", host.ReadLine(), StringComparison.Ordinal);
        PingAll();
        HostResult result = host.Finish();
        Assert.Equal((0, queues.ToString(System.Globalization.CultureInfo.InvariantCulture)), (result.ExitCode, result["queues-used"]));
        Assert.DoesNotContain("xdp", Link(), StringComparison.Ordinal);
        Assert.DoesNotContain("PROMISC", Link(), StringComparison.Ordinal);
    }

    [Fact]
    public void Af_xdp_works_again_after_its_process_was_killed()
    {
        MakeNamespaces(1);
        using (HostProcess host = StartHost("af_xdp:dpdkt1", 1))
        {
            host.ReadLine();
            host.ReadLine();
            PingAll();
            host.Kill();
        }

        Assert.Contains("xdp", Link(), StringComparison.Ordinal); // the kernel keeps the program
        using HostProcess again = StartHost("af_xdp:dpdkt1", 1);
        again.ReadLine();
        again.ReadLine();
        PingAll();
        Assert.Equal(0, again.Finish().ExitCode);
        Assert.DoesNotContain("xdp", Link(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_unprepared_interface_is_reported_before_it_is_opened()
    {
        MakeNamespaces(2);
        Ip("-n", _router, "link", "set", "dpdkt1", "down");
        Ip("-n", _router, "addr", "add", "10.9.1.1/24", "dev", "dpdkt1");
        using HostProcess host = StartHost("af_packet:dpdkt1", 1);
        Assert.Equal("errors=2", host.ReadLine()); // down, and an address that the kernel would answer for
        using HostProcess xdp = StartHost("af_xdp:dpdkt1", 1);
        Assert.Equal("errors=2", xdp.ReadLine()); // down, and a channel without a queue
    }

    public void Dispose()
    {
        Run("ip", mustWork: false, "netns", "del", _client);
        Run("ip", mustWork: false, "netns", "del", _router);
    }

    private void MakeNamespaces(int queues)
    {
        string count = queues.ToString(System.Globalization.CultureInfo.InvariantCulture);
        Ip("netns", "add", _client);
        Ip("netns", "add", _router);
        Ip("link", "add", "dpdkt0", "numrxqueues", count, "numtxqueues", count, "netns", _client, "type", "veth",
            "peer", "name", "dpdkt1", "numrxqueues", count, "numtxqueues", count, "netns", _router);
        Ip("-n", _client, "addr", "add", "10.9.0.1/24", "dev", "dpdkt0");
        Ip("netns", "exec", _client, "ethtool", "-K", "dpdkt0", "tx", "off", "tso", "off", "gso", "off", "gro", "off");
        Ip("netns", "exec", _router, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1");
        Ip("-n", _client, "link", "set", "dpdkt0", "up");
        Ip("-n", _router, "link", "set", "dpdkt1", "up");
    }

    private HostProcess StartHost(string device, int queues, HugepageMode hugepages = HugepageMode.Off) => HostProcess.Start(
        "answer", HostProcess.NewPrefix(), ["ip", "netns", "exec", _router], [], device,
        queues.ToString(System.Globalization.CultureInfo.InvariantCulture), hugepages.ToString());

    private void PingAll()
    {
        // One request a run: after an answer, ping waits for the next one only twice as long as the first took.
        string[] answers = [.. Enumerable.Range(2, Hosts).Select(host =>
            Run("ip", mustWork: false, "netns", "exec", _client, "ping", "-c", "1", "-W", "5", $"10.9.0.{host}"))];
        Assert.All(answers, answer => Assert.Contains(" 1 received", answer, StringComparison.Ordinal));
    }

    private string Link() => Ip("-n", _router, "link", "show", "dpdkt1");

    private static string Ip(params string[] arguments) => Run("ip", mustWork: true, arguments);

    private static string Run(string program, bool mustWork, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        string output = process.StandardOutput.ReadToEnd();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 || !mustWork
            ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {errors}");
    }
}

/// <summary>One EAL at a time: two polling processes on a small machine make each other late.</summary>
[CollectionDefinition(nameof(HostProcess), DisableParallelization = true)]
public sealed class HostProcessCollection;
