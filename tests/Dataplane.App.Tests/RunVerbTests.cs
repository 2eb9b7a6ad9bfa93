using System;
using Dataplane.Control.Configuration;
using Dataplane.Control.Socket;
using Dataplane.Dpdk;
using Dataplane.Os;
using Xunit;

namespace Dataplane.App.Tests;

/// <summary><c>dataplane run</c> up to the point where a router starts, and what becomes of its failures.</summary>
public sealed class RunVerbTests : IDisposable
{
    private static readonly string[] s_verbs = ["run", "check", "show", "status", "limits", "table", "version"];

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private string Good => _directory.Write("good.json", Invocation.Good);

    [Fact]
    public void A_good_file_starts_a_router_with_it()
    {
        RouterConfiguration? started = null;
        Invocation result = Invocation.Run(
            (configuration, _) =>
            {
                started = configuration;
                return 0;
            },
            "run", "-c", Good, "--set", "Conntrack:MaxEntries=4096");
        Assert.Equal(0, result.Exit);
        Assert.Equal(4096, started!.Conntrack.MaxEntries);
        Assert.Empty(result.Error);
    }

    [Fact]
    public void A_bad_file_starts_nothing_and_exits_6()
    {
        Invocation result = Invocation.Run("run", "-c", _directory.Write("bad.json", "{ \"Cores\": 0 "));
        Assert.Equal(6, result.Exit);
        Assert.Contains("E0006", result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Out);
    }

    [Fact]
    public void A_router_that_runs_already_is_named()
    {
        Invocation result = Invocation.Run((_, _) => throw new AlreadyRunningException("/run/x.sock", 4711), "run", "-c", Good);
        result.FailsWith(1, "already running, pid 4711");
    }

    [Fact]
    public void Failures_of_the_machine_are_one_line_with_a_remedy()
    {
        Invocation.Run((_, _) => throw new DpdkException("port lan: no such device", "ip link add x"), "run", "-c", Good)
            .FailsWith(1, "port lan: no such device -- ip link add x");
        Invocation.Run((_, _) => throw new OsException("open '/x'", Errno.AccessDenied), "run", "-c", Good).FailsWith(5, "open '/x'");
        Invocation.Run((_, _) => throw new OsException("map", Errno.NoMemory), "run", "-c", Good).FailsWith(1, "map");
    }

    [Theory]
    [InlineData("run")]
    [InlineData("run", "-c")]
    [InlineData("check")]
    [InlineData("show", "nothing")]
    [InlineData("show")]
    [InlineData("frobnicate")]
    [InlineData("check", "a", "b")]
    [InlineData("check", "a", "-o", "xml")]
    [InlineData("version", "--loud")]
    [InlineData("limits")]
    [InlineData("limits", "set")]
    [InlineData("limits", "set", "none")]
    [InlineData("limits", "set", "--zone", "cust")]
    [InlineData("limits", "set", "5", "--zone")]
    [InlineData("limits", "set", "many")]
    [InlineData("limits", "set", "-5")]
    [InlineData("limits", "set", "--zone", "cust", "None")]
    [InlineData("limits", "set", "1,000")]
    [InlineData("limits", "set", "9223372036854775808")]
    [InlineData("limits", "set", "5", "6")]
    [InlineData("limits", "show", "cust")]
    [InlineData("table")]
    [InlineData("table", "resize")]
    [InlineData("table", "resize", "none")]
    [InlineData("table", "resize", "1e6")]
    [InlineData]
    public void A_command_line_that_is_not_understood_exits_2(params string[] args) => Invocation.Run(args).FailsWith(2, "--help");

    [Fact]
    public void The_usage_hint_names_the_whole_verb() =>
        Invocation.Run("limits", "set", "none").FailsWith(2, "Try 'dataplane limits set --help'.");

    [Fact]
    public void Version_is_one_line() =>
        Assert.Matches(@"^dataplane \d+\.\d+\.\d+ \(\.NET .*\)\n$", Invocation.Run("version").Out);

    [Fact]
    public void Help_exits_0_and_names_every_verb()
    {
        Invocation result = Invocation.Run("--help");
        Assert.Equal(0, result.Exit);
        Assert.All(s_verbs, verb => Assert.Contains(verb, result.Out, StringComparison.Ordinal));
    }
}
