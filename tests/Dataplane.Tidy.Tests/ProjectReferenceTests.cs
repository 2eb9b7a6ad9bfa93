using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Xml.Linq;
using Xunit;

namespace Dataplane.Tidy.Tests;

/// <summary>Dependencies point one way: Packet, Conntrack, Nat, Datapath, Control, App; Packet, Dpdk, App; Os is a leaf.</summary>
public sealed class ProjectReferenceTests
{
    // What each assembly may reference. A new assembly has no place until it is put here.
    private static readonly Dictionary<string, string[]> s_references = new()
    {
        ["Dataplane.Packet"] = [],
        ["Dataplane.Os"] = [],
        ["Dataplane.Conntrack"] = ["Dataplane.Packet", "Dataplane.Os"],
        ["Dataplane.Nat"] = ["Dataplane.Packet", "Dataplane.Conntrack"],
        ["Dataplane.Datapath"] = ["Dataplane.Packet", "Dataplane.Conntrack", "Dataplane.Nat"],
        ["Dataplane.Dpdk"] = ["Dataplane.Packet", "Dataplane.Os"],
        ["Dataplane.Control"] = ["Dataplane.Packet", "Dataplane.Conntrack", "Dataplane.Nat", "Dataplane.Datapath", "Dataplane.Os"],
        ["Dataplane.App"] =
        [
            "Dataplane.Packet", "Dataplane.Conntrack", "Dataplane.Nat", "Dataplane.Datapath", "Dataplane.Control", "Dataplane.Dpdk",
            "Dataplane.Os",
        ],
    };

    // Packages are for configuration and the command line; nothing below Control has any.
    private static readonly Dictionary<string, string[]> s_packages = new()
    {
        ["Dataplane.Control"] = ["Microsoft.Extensions.Configuration"],
        ["Dataplane.App"] = ["System.CommandLine", "Spectre.Console"],
    };

    public static TheoryData<string> Projects => new(Tree.Files("src", ".csproj"));

    [Theory]
    [MemberData(nameof(Projects))]
    public void An_assembly_references_only_what_its_layer_may(string project)
    {
        string name = Path.GetFileNameWithoutExtension(project);
        Assert.True(s_references.TryGetValue(name, out string[]? allowed), $"{name} has no place in the layers");
        IEnumerable<string> references = Includes(project, "ProjectReference")
            .Select(path => Path.GetFileNameWithoutExtension(path.Replace('\\', '/')));
        Assert.Empty(references.Except(allowed));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void An_assembly_uses_only_the_packages_of_its_layer(string project)
    {
        string[] allowed = s_packages.GetValueOrDefault(Path.GetFileNameWithoutExtension(project), []);
        Assert.DoesNotContain(
            Includes(project, "PackageReference"),
            package => !allowed.Any(prefix => package == prefix || package.StartsWith(prefix + ".", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_layer_exists() =>
        Assert.Equal(s_references.Keys.Order(), Tree.Files("src", ".csproj").Select(Path.GetFileNameWithoutExtension).Order());

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        string solution = Tree.Text("Dataplane.sln").Replace('\\', '/');
        IEnumerable<string> projects = ((string[])["src", "tests", "perf"]).SelectMany(folder => Tree.Files(folder, ".csproj"));
        Assert.All(projects, project => Assert.Contains('"' + project + '"', solution, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Includes(string project, string element) =>
        XDocument.Parse(Tree.Text(project)).Descendants(element).Select(item => (string?)item.Attribute("Include") ?? string.Empty);
}
