using System;
using System.Diagnostics;
using System.IO;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>Runs the portable part of this assembly again where the JIT may use no vector or AES instructions.</summary>
public sealed class ScalarChildTests
{
    /// <summary>0 switches every instruction set off that the runtime does not need itself; read once, when the runtime starts.</summary>
    public const string SwitchVariable = "DOTNET_EnableHWIntrinsic";

    private static readonly TimeSpan s_timeout = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task The_table_behaves_the_same_on_a_processor_without_vector_instructions()
    {
        var start = new ProcessStartInfo(DotnetPath())
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { "vstest", typeof(ScalarChildTests).Assembly.Location, "--TestCaseFilter:Category=Portable" },
            Environment = { [SwitchVariable] = "0" },
        };
        using Process child = Process.Start(start)!;
        using var limit = new CancellationTokenSource(s_timeout);
        Task<string> errors = child.StandardError.ReadToEndAsync(limit.Token);
        string text;
        try
        {
            text = await child.StandardOutput.ReadToEndAsync(limit.Token) + await errors;
            await child.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            child.Kill(entireProcessTree: true);
            throw;
        }

        Assert.True(child.ExitCode == 0, text);
        Match passed = Regex.Match(text, @"Passed:\s*(\d+)");
        Assert.True(passed.Success && int.Parse(passed.Groups[1].ValueSpan, null) > 50, text);
    }

    private static string DotnetPath()
    {
        // …/dotnet/shared/Microsoft.NETCore.App/<version>/ is where the running runtime stands.
        string host = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        return File.Exists(host) ? host : "dotnet";
    }
}
