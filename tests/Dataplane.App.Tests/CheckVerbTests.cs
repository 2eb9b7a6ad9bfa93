using System;
using System.Linq;
using System.Text.Json;
using Xunit;

namespace Dataplane.App.Tests;

/// <summary><c>dataplane check</c>.</summary>
public sealed class CheckVerbTests : IDisposable
{
    private const string FiveMistakes = """
        {
          "Cores": "1-",
          "Ports": {
            "lan": { "Device": "af_xpd:eth0", "Addresses": ["10.0.0.1/33"] },
            "wan": { "Device": "af_xdp:eth1", "Addresses": ["198.51.100.2/30"] },
          },
          "Source": { "90": { "Match": { "Out": "wan" }, "To": "pool:cgn1" } },
          "Conntrack": { "TcpLose": true },
          "Filter": { },
        }
        """;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_good_file_exits_0()
    {
        Invocation result = Invocation.Run("check", _directory.Write("good.json", Invocation.Good));
        Assert.Equal(0, result.Exit);
        Assert.EndsWith("good.json: accepted, 0 errors, 0 warnings\n", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Five_different_mistakes_yield_five_located_errors_and_exit_6()
    {
        Invocation result = Invocation.Run("check", _directory.Write("bad.json", FiveMistakes));
        Assert.Equal(6, result.Exit);
        string[] lines = result.Out.Split('\n');
        Assert.EndsWith("bad.json: rejected, 5 errors, 0 warnings", lines[0], StringComparison.Ordinal);
        foreach ((string place, string code, string subject) in new[]
        {
            ("bad.json:2:12", "E1110", "Cores = \"1-\": "),
            ("bad.json:4:24", "E1113", "Ports.lan.Device = \"af_xpd:eth0\": "),
            ("bad.json:4:53", "E1107", "Ports.lan.Addresses.0 = \"10.0.0.1/33\": "),
            ("bad.json:7:56", "E1202", "Source.90.To = \"pool:cgn1\": "),
            ("bad.json:8:18", "E1001", "Conntrack.TcpLose: "),
        })
        {
            Assert.Single(lines, line => line.StartsWith($"  {place} ", StringComparison.Ordinal)
                && line.Contains($"  {code}  {subject}", StringComparison.Ordinal));
        }

        Assert.Contains("did you mean \"TcpLoose\"?", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_output_has_the_same_errors()
    {
        Invocation result = Invocation.Run("check", _directory.Write("bad.json", FiveMistakes), "-o", "json");
        Assert.Equal(6, result.Exit);
        JsonElement root = JsonDocument.Parse(result.Out).RootElement;
        Assert.False(root.GetProperty("accepted").GetBoolean());
        Assert.Equal(5, root.GetProperty("errors").GetInt32());
        JsonElement last = root.GetProperty("diagnostics").EnumerateArray().Last();
        Assert.Equal(("E1001", "error", 8, 18), (last.GetProperty("code").GetString(), last.GetProperty("severity").GetString(),
            last.GetProperty("line").GetInt32(), last.GetProperty("column").GetInt32()));
    }

    [Fact]
    public void Warnings_alone_exit_0()
    {
        string text = Invocation.Good.Replace("\"Filter\": { \"Default\": \"accept\" },", "", StringComparison.Ordinal);
        Invocation result = Invocation.Run("check", _directory.Write("open.json", text));
        Assert.Equal(0, result.Exit);
        Assert.Contains("W2001", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void An_override_is_checked_with_the_file()
    {
        string path = _directory.Write("good.json", Invocation.Good);
        Invocation result = Invocation.Run("check", path, "--set", "Conntrack:MaxEntries=1", "--set", "Idle=adaptive");
        Assert.Equal(6, result.Exit);
        Assert.Contains("command line  E1101  Conntrack.MaxEntries = \"1\"", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_exits_6_and_names_it()
    {
        Invocation result = Invocation.Run("check", _directory.File("none.json"));
        Assert.Equal(6, result.Exit);
        Assert.Contains("E0001", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Control_characters_of_a_file_do_not_reach_the_terminal()
    {
        Invocation result = Invocation.Run("check", _directory.Write("evil.json", "{ \"Idle\": \"\\u001b[2J\" }"));
        Assert.Equal(6, result.Exit);
        Assert.DoesNotContain('\u001b', result.Out);
        Assert.Contains("\\u001b[2J", result.Out, StringComparison.Ordinal);
    }
}
