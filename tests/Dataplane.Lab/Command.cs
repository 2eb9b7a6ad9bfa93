using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.Threading.Tasks;

namespace Dataplane.Lab;

/// <summary>Runs a program to its end with both outputs captured.</summary>
public static class Command
{
    /// <summary>Time that housekeeping commands (ip, ethtool, nft) may take.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Runs <paramref name="file"/> and waits; kills it when <paramref name="timeout"/> passes.</summary>
    /// <exception cref="LabException">The program is not installed.</exception>
    public static CommandResult Run(TimeSpan timeout, string file, params IEnumerable<string> arguments) =>
        Run(timeout, input: null, file, arguments);

    /// <summary>The same, with <paramref name="input"/> written to its standard input.</summary>
    /// <exception cref="LabException">The program is not installed.</exception>
    public static CommandResult Run(TimeSpan timeout, string? input, string file, IEnumerable<string> arguments)
    {
        ProcessStartInfo start = StartInfo(file, arguments);
        long began = Stopwatch.GetTimestamp();
        using Process process = Start(start);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (input is not null)
        {
            process.StandardInput.Write(input);
        }

        process.StandardInput.Close();
        bool ended = process.WaitForExit(timeout);
        if (!ended)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }

        TimeSpan elapsed = Stopwatch.GetElapsedTime(began);
        string line = string.Join(' ', [start.FileName, .. start.ArgumentList]);
        return new CommandResult(line, process.ExitCode, Text(output), Text(error), elapsed, !ended);
    }

    internal static ProcessStartInfo StartInfo(string file, IEnumerable<string> arguments) => new(file, arguments)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        UseShellExecute = false,
    };

    internal static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new LabException($"{start.FileName} did not start");
        }
        catch (Win32Exception e)
        {
            throw new LabException($"{start.FileName} did not start: {e.Message}; ./build.sh setup installs the lab's tools", e);
        }
    }

    // A grandchild that keeps the pipe open must not hold up the lab after the child itself has ended.
    private static string Text(Task<string> reader)
    {
        Task.WaitAny([reader], TimeSpan.FromSeconds(2));
        return reader.IsCompletedSuccessfully ? reader.GetAwaiter().GetResult() : string.Empty;
    }
}
