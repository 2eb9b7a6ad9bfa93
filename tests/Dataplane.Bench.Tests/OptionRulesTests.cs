using System.CommandLine;
using System.Linq;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>Whatever is written behind an option, the answer is a line that says what it takes.</summary>
public sealed class OptionRulesTests
{
    private readonly Option<int> _flows = new("--flows") { DefaultValueFactory = _ => 5 };
    private readonly Option<string?> _peers = OptionRules.Names("--peers", "programs", ["one", "two"]);
    private readonly Command _command;

    public OptionRulesTests()
    {
        _flows.Require(value => value is >= 1 and <= 10, "--flows: 1 to 10");
        _command = new Command("measure") { _flows, _peers };
    }

    [Theory]
    [InlineData("")]
    [InlineData("--flows 1")]
    [InlineData("--flows 10 --peers one")]
    [InlineData("--peers two,one")]
    public void What_is_good_is_taken(string line) => Assert.Empty(Errors(line));

    [Theory]
    [InlineData("--flows 0", "--flows: 1 to 10")]
    [InlineData("--flows 11", "--flows: 1 to 10")]
    [InlineData("--peers three", "--peers: 'three' is none of one, two")]
    [InlineData("--peers one,,two", "--peers: '' is none of one, two")]
    public void What_is_not_good_is_refused_with_what_would_be(string line, string error) => Assert.Equal([error], Errors(line));

    [Theory]
    [InlineData("--flows abc")]
    [InlineData("--flows 99999999999999999999")]
    [InlineData("--flows 1.5")]
    public void What_is_no_number_is_named_and_nothing_else_is_said(string line) =>
        Assert.Contains(line.Split(' ')[1], Assert.Single(Errors(line)), System.StringComparison.Ordinal);

    private string[] Errors(string line) => [.. _command.Parse(line).Errors.Select(error => error.Message)];
}
