using System.Collections.Generic;

namespace Dataplane.Bench.Compare;

/// <summary>A program under test: a script of perf/peers and what the report says of it.</summary>
/// <param name="Name">For the command line and files.</param>
/// <param name="Title">For tables.</param>
/// <param name="Script">In perf/peers.</param>
/// <param name="Variant">The script's argument, or null.</param>
/// <param name="Translates">False: packets go through as they are.</param>
/// <param name="Routes">True: link addresses are replaced and the hop limit counted down.</param>
/// <param name="OnlyUdp">True: its traffic source makes established UDP of 64 bytes and new UDP connections, nothing else.</param>
internal sealed record Peer(string Name, string Title, string Script, string? Variant, bool Translates, bool Routes, bool OnlyUdp = false)
{
    /// <summary>The name of this router.</summary>
    public const string Own = "dataplane";

    /// <summary>What factors are taken against.</summary>
    public const string Reference = "ovs-one-pass";

    /// <summary>The kernel's own router.</summary>
    public const string Kernel = "netfilter";

    /// <summary>All, in the order in which they alternate.</summary>
    public static IReadOnlyList<Peer> All { get; } =
    [
        new(Own, "this router", "dataplane.sh", null, Translates: true, Routes: true),
        new(Reference, "Open vSwitch, one pass", "openvswitch.sh", "one-pass", Translates: true, Routes: false),
        new("ovs-two-pass", "Open vSwitch, two passes", "openvswitch.sh", "two-pass", Translates: true, Routes: false),
        new(Kernel, "Linux netfilter", "netfilter.sh", null, Translates: true, Routes: true, OnlyUdp: true),
        new("testpmd", "testpmd io (the ports' cost)", "testpmd.sh", null, Translates: false, Routes: false),
    ];

    /// <summary>What a quick comparison leaves out.</summary>
    public bool IsQuick => Name != "ovs-two-pass";

    /// <summary>Why this program does not get this traffic; null when it does.</summary>
    public string? Refusal(Traffic traffic) => OnlyUdp
        && (traffic.Protocol != "udp" || traffic.SizeBytes != 64 || traffic.Kind == TrafficKind.Flood)
            ? "its traffic source makes UDP of 64 bytes only"
            : null;
}
