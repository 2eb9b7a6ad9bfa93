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

    /// <summary>Passes on what the ports give: the floor of programs that poll them.</summary>
    public const string Ports = "testpmd";

    /// <summary>Routes the kernel's traffic without tracking and translation: the floor of <see cref="Kernel"/>.</summary>
    public const string KernelPorts = "linux-forward";

    private const string KeepsNone = "it keeps no connections";

    /// <summary>All, in the order of columns.</summary>
    public static IReadOnlyList<Peer> All { get; } =
    [
        new(Own, "this router", "dataplane.sh", null, Translates: true, Routes: true),
        new(Reference, "Open vSwitch, one pass", "openvswitch.sh", "one-pass", Translates: true, Routes: false),
        new("ovs-two-pass", "Open vSwitch, two passes", "openvswitch.sh", "two-pass", Translates: true, Routes: false),
        new(Kernel, "Linux netfilter", "netfilter.sh", null, Translates: true, Routes: true),
        new(Ports, "testpmd io (the ports' cost)", "testpmd.sh", null, Translates: false, Routes: false),
        new(KernelPorts, "Linux forwarding (its ports' cost)", "netfilter.sh", "forward", Translates: false, Routes: true),
    ];

    /// <summary>What a quick comparison leaves out.</summary>
    public bool IsQuick => Name is not ("ovs-two-pass" or KernelPorts);

    /// <summary>The kernel forwards; its packets come from a source of their own.</summary>
    public bool IsKernel => Script == "netfilter.sh";

    /// <summary>The name of the program that shows what this one's packets cost before it does anything; null of such a one.</summary>
    public string? Floor => !Translates ? null : IsKernel ? KernelPorts : Ports;

    /// <summary>What comes back is checked; where nothing is translated there is nothing to check.</summary>
    public bool IsChecked => Translates;

    /// <summary>The program of a name, or null.</summary>
    public static Peer? Find(string name) => All.FirstOrDefault(one => one.Name == name);

    /// <summary>Why this program's ports, or the program, cannot be set up for this traffic; null when they can.</summary>
    public string? Refusal(Traffic traffic) => traffic switch
    {
        { Kind: TrafficKind.BesideFlood } when !Translates => KeepsNone,
        { Kind: not TrafficKind.Established } when !Translates && IsKernel => KeepsNone,
        { Kind: TrafficKind.BesideFlood } when IsKernel => "its traffic source has no third interface",
        { Workers: > 1 } when IsKernel => "its traffic source runs on one core",
        { Zipf: > 0 } when IsKernel => "its traffic source chooses flows uniformly",
        _ => null,
    };
}
