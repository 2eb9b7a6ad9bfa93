using System;
using System.IO;
using System.Linq;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace Dataplane.Variants;

/// <summary>What the packet path does in a few instructions, beside the ways that were rejected for it.</summary>
/// <remarks>Arguments are BenchmarkDotNet's: --filter '*Reply*', --list flat. In this process: nothing is built or restored for a run.
/// </remarks>
internal static class Program
{
    /// <summary>Arguments that ask a question instead of a measurement.</summary>
    private static readonly string[] s_questions = ["--list", "--help", "--version", "--info"];

    /// <summary>Half a minute for all: differences of a tenth show, and smaller ones decide nothing here.</summary>
    private static readonly Job s_job = Job.Default
        .WithToolchain(InProcessEmitToolchain.Instance)
        .WithWarmupCount(3)
        .WithIterationTime(TimeInterval.Millisecond * 100)
        .WithIterationCount(15);

    private static int Main(string[] args)
    {
        IConfig config = DefaultConfig.Instance
            .AddJob(s_job)
            .WithArtifactsPath(Path.Combine(AppContext.BaseDirectory, "results"))
            .WithOptions(ConfigOptions.DisableLogFile);
        string[] all = args.Length == 0 ? ["--filter", "*"] : args;
        Summary[] summaries = [.. BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(all, config)];
        if (all.Intersect(s_questions).Any())
        {
            return 0;
        }

        if (!summaries.SelectMany(summary => summary.Reports).Any())
        {
            Console.Error.WriteLine($"variants: nothing was measured with {string.Join(' ', all)}; --list flat names what there is");
            return 1;
        }

        // A report fails, too, when its variant disagrees with the others in the setup.
        return summaries.All(summary =>
            !summary.HasCriticalValidationErrors && summary.Reports.All(report => report.Success)) ? 0 : 1;
    }
}
