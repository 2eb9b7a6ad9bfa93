using System.Collections.Generic;
using System.Linq;

namespace Dataplane.Bench.Compare;

/// <summary>A program under test: a script of perf/peers and what the report says of it.</summary>
/// <param name="Name">For the command line and files.</param>
/// <param name="Title">For tables.</param>
/// <param name="Script">In perf/peers.</param>
/// <param name="Variant">The script's argument, or null.</param>
/// <param name="Translates">False: packets go through as they are.</param>
/// <param name="Routes">True: link addresses are replaced and the hop limit counted down.</param>
internal sealed record Peer(string Name, string Title, string Script, string? Variant, bool Translates, bool Routes)
{
    /// <summary>The name of this router.</summary>
    public const string Own = "dataplane";

    /// <summary>What factors are taken against.</summary>
    public const string Reference = "ovs-one-pass";

    /// <summary>The kernel's own router, as most have it: factors are taken against it, too.</summary>
    public const string Kernel = "netfilter";

    /// <summary>All, in the order in which they alternate.</summary>
    public static IReadOnlyList<Peer> All { get; } =
    [
        new(Own, "this router", "dataplane.sh", null, Translates: true, Routes: true),
        new(Reference, "Open vSwitch, one pass", "openvswitch.sh", "one-pass", Translates: true, Routes: false),
        new("ovs-two-pass", "Open vSwitch, two passes", "openvswitch.sh", "two-pass", Translates: true, Routes: false),
        new(Kernel, "Linux netfilter", "netfilter.sh", null, Translates: true, Routes: true),
        new("testpmd", "testpmd io (the ports' cost)", "testpmd.sh", null, Translates: false, Routes: false),
    ];

    /// <summary>What a quick comparison leaves out.</summary>
    public bool IsQuick => Name != "ovs-two-pass";

    /// <summary>The kernel forwards; its packets come from a source of their own.</summary>
    public bool IsKernel => Script == "netfilter.sh";

    /// <summary>What comes back is checked; where nothing is translated there is nothing to check.</summary>
    public bool IsChecked => Translates;

    /// <summary>The program of a name, or null.</summary>
    public static Peer? Find(string name) => All.FirstOrDefault(one => one.Name == name);

    /// <summary>Why this program's ports, or the program, cannot be set up for this traffic; null when they can.</summary>
    public string? Refusal(Traffic traffic) => traffic switch
    {
        { Kind: TrafficKind.BesideFlood } when !Translates => "it keeps no connections",
        { Kind: TrafficKind.BesideFlood } when IsKernel => "its traffic source has no third interface",
        { Workers: > 1 } when IsKernel => "its traffic source runs on one core",
        { Zipf: > 0 } when IsKernel => "its traffic source chooses flows uniformly",
        _ => null,
    };
}
