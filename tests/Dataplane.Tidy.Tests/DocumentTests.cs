using System;
using System.Linq;
using System.Text.RegularExpressions;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Tidy.Tests;

/// <summary>The documents name what exists.</summary>
public sealed partial class DocumentTests
{
    public static TheoryData<string> Documents => new(Tree.Files(".", ".md"));

    [Fact]
    public void The_two_documents_exist()
    {
        Assert.True(Tree.Exists("README.md"));
        Assert.True(Tree.Exists("ARCHITECTURE.md"));
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_link_leads_to_a_file(string document) => Assert.Empty(DocumentRules.BrokenLinks(document, Tree.Text(document)));

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_name_exists(string document) => Assert.Empty(DocumentRules.UnknownNames(Tree.Text(document)));

    [Fact]
    public void Every_drop_reason_is_in_the_architecture()
    {
        string text = Tree.Text("ARCHITECTURE.md");
        Assert.All(
            Enum.GetNames<DropReason>().Where(name => name != nameof(DropReason.None)),
            name => Assert.Contains($"`{name}`", text, StringComparison.Ordinal));
    }

    [Fact]
    public void The_readmes_configuration_is_the_shipped_example()
    {
        Match block = ConfigurationBlock().Match(Tree.Text("README.md"));
        Assert.True(block.Success);
        Assert.Equal(Tree.Text("deploy/examples/home.json"), block.Groups[1].Value);
    }

    [Fact]
    public void Every_verb_that_the_readme_uses_is_one_of_the_build_script()
    {
        string[] verbs = [.. Verb().Matches(Tree.Text("README.md")).Select(match => match.Groups[1].Value).Distinct()];
        Assert.Contains("test", verbs);
        string script = Tree.Text("build.sh");
        Assert.All(verbs, verb => Assert.Matches($@"(?m)^verb_{verb}\(\)", script));
    }

    [Fact]
    public void The_pipeline_of_continuous_integration_runs_the_readmes_test_command()
    {
        Assert.Equal("#!/usr/bin/env bash\nexec ./build.sh test\n", Tree.Text(".ci/run"));
        Assert.Contains("\n./build.sh test ", Tree.Text("README.md"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[x](src/Nowhere.cs)")]
    [InlineData("[x](nowhere/README.md#part)")]
    public void A_broken_link_is_found(string text) => Assert.NotEmpty(DocumentRules.BrokenLinks("README.md", text));

    [Theory]
    [InlineData("`NoSuchTypeAnywhere`")]
    [InlineData("`DropReason.NoSuchMember`")]
    [InlineData("`NoSuchFile.cs`")]
    [InlineData("`src/NoSuchFile.cs`")]
    public void An_unknown_name_is_found(string text) => Assert.NotEmpty(DocumentRules.UnknownNames(text));

    [Theory]
    [InlineData("`DropReason.TableFull` and `DropReason`, `DropReason.cs`, `src/Dataplane.Packet/DropReason.cs`")]
    [InlineData("`ip link add`, `lower`, `a = B`, `ARP`, [site](https://www.dpdk.org)")]
    public void Known_names_and_prose_are_left_alone(string text)
    {
        Assert.Empty(DocumentRules.UnknownNames(text));
        Assert.Empty(DocumentRules.BrokenLinks("README.md", text));
    }

    [GeneratedRegex("```jsonc\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex ConfigurationBlock();

    [GeneratedRegex(@"\./build\.sh ([a-z]+)")]
    private static partial Regex Verb();
}
