using System.Collections.Generic;
using System.Linq;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;
using Xunit;

namespace Dataplane.Control.Tests;

/// <summary>The file is overridden by the environment, and both by the command line.</summary>
public class OverrideTests
{
    [Fact]
    public void The_command_line_wins_over_the_environment_and_that_over_the_file()
    {
        LoadOptions options = new()
        {
            Environment = new Dictionary<string, string>
            {
                ["DATAPLANE__Conntrack__MaxEntries"] = "2000",
                ["DATAPLANE__IDLE"] = "adaptive",
                ["PATH"] = "/bin",
            },
            Sets = ["Conntrack:MaxEntries=3000"],
        };
        RouterConfiguration configuration = Texts.Accepted(Texts.Home, options);
        Assert.Equal(3000, configuration.Conntrack.MaxEntries);
        Assert.Equal(Datapath.IdleMode.Adaptive, configuration.Idle);
    }

    [Fact]
    public void A_wrong_override_is_located_by_its_variable()
    {
        LoadOptions options = new() { Environment = new Dictionary<string, string> { ["DATAPLANE__Ports__lan__Queues"] = "none" } };
        Diagnostic found = Texts.Single(Texts.Load(Texts.Home, options), DiagnosticCode.NumberInvalid);
        Assert.Equal("env DATAPLANE__Ports__lan__Queues", found.Location.ToString());
        Assert.Equal("Ports.lan.Queues", found.Path);
    }

    [Fact]
    public void A_wrong_override_on_the_command_line_is_located_there()
    {
        Diagnostic found = Texts.Single(
            Texts.Load(Texts.Home, new LoadOptions { Sets = ["Conntrak:MaxEntries=1"] }), DiagnosticCode.KeyUnknown);
        Assert.Equal("command line", found.Location.ToString());
        Assert.Equal("did you mean \"Conntrack\"?", found.Suggestion);
    }

    [Theory]
    [InlineData("Conntrack:MaxEntries")]
    [InlineData("=7")]
    [InlineData("a::b=7")]
    public void An_override_without_a_key_or_value_is_refused(string set) =>
        Texts.Single(Texts.Load(Texts.Home, new LoadOptions { Sets = [set] }), DiagnosticCode.OverrideMalformed);

    [Fact]
    public void An_override_replaces_a_list_as_a_whole()
    {
        RouterConfiguration configuration = Texts.Accepted(
            Texts.Home, new LoadOptions { Sets = ["Ports:lan:Addresses=10.9.0.1/24,10.8.0.1/24"] });
        Assert.Equal(["10.9.0.1/24", "10.8.0.1/24"], configuration.Ports[0].Addresses.Select(address => address.ToString()));
    }

    [Fact]
    public void An_override_can_add_a_port()
    {
        RouterConfiguration configuration = Texts.Accepted(Texts.Home, new LoadOptions { Sets = ["Ports:dmz:Device=ring"] });
        Assert.Equal(["lan", "wan", "bare", "dmz"], configuration.Ports.Select(port => port.Name));
    }
}
