using System.Text.RegularExpressions;
using Xunit;

namespace Dataplane.Lab.Tests;

/// <summary>The lines that an operator reads.</summary>
public sealed class ShowConntrackTests : LabTest
{
    private const string Counters = @"packets=\d+ bytes=\d+";
    private const string Out = $@"src=10\.0\.0\.10 dst=203\.0\.113\.10";
    private const string Back = $@"src=203\.0\.113\.10 dst=198\.51\.100\.2";
    private const string Out6 = "src=2001:db8:0:1::10 dst=2001:db8:0:3::10";
    private const string Back6 = "src=2001:db8:0:3::10 dst=2001:db8:0:1::10";

    [UdpLiteFact]
    public void Every_protocol_has_its_line_in_both_families() => InLab(new LabOptions(), lab =>
    {
        lab.Topology.EnableIpv6();
        ServeInternet(lab);
        WebServer.Start(lab, lab.Topology.Internet, LabAddresses.Far6);
        foreach (string address in (string[])[LabAddresses.Far, LabAddresses.Far6])
        {
            Assert.Equal(2, Traffic.Ping(lab.Topology.Client, address, 2).Replies);
            Assert.NotEmpty(Traffic.AddressSeenBy(lab.Topology.Client, $"http://{(address.Contains(':') ? $"[{address}]" : address)}/"));
            foreach (string protocol in (string[])["udp", "udplite", "gre", "esp"])
            {
                Messages.Serve(lab, lab.Topology.Internet, protocol, address);
                Assert.Equal(3, Messages.Ask(lab.Topology.Client, protocol, address, 3).SeenAs.Count);
            }
        }

        string lines = lab.Dataplane.Verb("show", "conntrack").OrThrow().Output;
        foreach ((string source, string reply, string icmp) in new[] { (Out, Back, @"icmp +1"), (Out6, Back6, @"icmpv6 +58") })
        {
            string ports = $@"{source} sport=\d+ dport={Messages.Port} {Counters} {reply} sport={Messages.Port} dport=\d+ {Counters}";
            string keys = $"srckey=0x{Messages.GreKey:x} dstkey=0x{Messages.GreKey:x}";
            AssertLine(
                lines,
                $@"tcp +6 \d+ TIME_WAIT {source} sport=\d+ dport=80 {Counters} {reply} sport=80 dport=\d+ {Counters} \[ASSURED\] mark=0");
            AssertLine(lines, $@"{icmp} \d+ {source} id=\d+ {Counters} {reply} id=\d+ {Counters} mark=0");
            AssertLine(lines, $@"udp +17 \d+ {ports} \[ASSURED\] mark=0");
            AssertLine(lines, $@"udplite +136 \d+ {ports} \[ASSURED\] mark=0");
            AssertLine(lines, $@"gre +47 \d+ {source} {keys} {Counters} {reply} {keys} {Counters} (\[ASSURED\] )?mark=0");
            AssertLine(lines, $@"unknown +50 \d+ {source} {Counters} {reply} {Counters} (\[ASSURED\] )?mark=0");
        }
    });

    [Fact]
    public void A_question_without_an_answer_is_shown_as_unreplied() => InLab(new LabOptions(), lab =>
    {
        // Nobody listens, and the refusal is an error of the connection, not an answer.
        Messages.Ask(lab.Topology.Client, "udp", LabAddresses.Far, 1);
        AssertLine(
            lab.Dataplane.Verb("show", "conntrack").OrThrow().Output,
            $@"udp +17 \d+ {Out} sport=\d+ dport=7777 packets=1 bytes=\d+ \[UNREPLIED\] {Back} sport=7777 dport=\d+ packets=0 bytes=0 mark=0");
    });

    private static void AssertLine(string lines, string pattern) =>
        Assert.True(Regex.IsMatch(lines, $"^{pattern}$", RegexOptions.Multiline), $"no line {pattern} in\n{lines}");
}
