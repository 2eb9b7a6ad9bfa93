using System;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace Dataplane.Lab.Tests;

/// <summary>What tracking rules write on connections, as an operator and later rules see it.</summary>
public sealed class TrackRulesTests : LabTest
{
    private const string LabelBit5 = "00000000000000000000000000000020";

    [Fact]
    public void A_mark_and_a_label_set_by_rules_are_shown() => InLab(Labelled(), lab =>
    {
        lab.Topology.EnableIpv6();
        ServeInternet(lab);
        WebServer.Start(lab, lab.Topology.Internet, LabAddresses.Far6);
        Assert.NotEmpty(Traffic.AddressSeenBy(lab.Topology.Client, FarUrl));
        Assert.NotEmpty(Traffic.AddressSeenBy(lab.Topology.Client, $"http://[{LabAddresses.Far6}]/"));
        Assert.Equal(1, Traffic.Ping(lab.Topology.Client, LabAddresses.Far, 1).Replies);

        ConnectionRow[] rows = [.. lab.Dataplane.Connections()];
        Assert.Equal(2, rows.Count(row => row is { Protocol: "tcp", Mark: 0x10, Label: LabelBit5 }));
        Assert.Single(rows, row => row is { Protocol: "icmp", Mark: 0, Label: null });
        string lines = lab.Dataplane.Verb("show", "conntrack").OrThrow().Output;
        Assert.Equal(2, lines.Split($"mark=16 label=0x{LabelBit5}").Length - 1);
    });

    [Theory]
    [InlineData("Mark", "0x10/0xff")]
    [InlineData("Label", "5")]
    public void A_filter_rule_refuses_what_a_tracking_rule_has_marked(string key, string value)
    {
        LabOptions options = Labelled(root => root["Filter"]!["5"] = Rule(new JsonObject { [key] = value }, "reject"));
        InLab(options, lab =>
        {
            ServeInternet(lab);
            Assert.Empty(Traffic.AddressSeenBy(lab.Topology.Client, FarUrl));
            Assert.Equal(1, Traffic.Ping(lab.Topology.Client, LabAddresses.Far, 1).Replies);
            Assert.True(lab.Dataplane.Drops().Single(row => row.Reason == "filter_rejected").Packets >= 1);
        });
    }

    /// <summary>Connections to port 80 get mark 0x10 and label bit 5, in two rules that both apply.</summary>
    private static LabOptions Labelled(Action<JsonObject>? also = null) => new()
    {
        Configure = root =>
        {
            JsonObject web = new() { ["In"] = "lan", ["Protocol"] = "tcp", ["DestinationPort"] = "80" };
            root["Track"] = new JsonObject
            {
                ["10"] = Rule(web, new JsonObject { ["Mark"] = "0x10/0xff" }),
                ["20"] = Rule((JsonObject)web.DeepClone(), new JsonObject { ["Label"] = "5" }),
            };
            also?.Invoke(root);
        },
    };

    private static JsonObject Rule(JsonObject match, JsonNode action) => new() { ["Match"] = match, ["Do"] = action };
}
