using System;

namespace Dataplane.Lab;

/// <summary>What a finished command left behind.</summary>
/// <param name="Command">The command line, for messages.</param>
/// <param name="ExitCode">Its exit code; 128 + signal when a signal ended it.</param>
/// <param name="Output">Standard output, whole.</param>
/// <param name="Error">Standard error, whole.</param>
/// <param name="Elapsed">Wall time from start to exit.</param>
/// <param name="TimedOut">It was killed because it did not end in time.</param>
public sealed record CommandResult(string Command, int ExitCode, string Output, string Error, TimeSpan Elapsed, bool TimedOut)
{
    /// <summary>Exit code 0 within the time.</summary>
    public bool Succeeded => ExitCode == 0 && !TimedOut;

    /// <summary>The result itself if it succeeded.</summary>
    /// <exception cref="LabException">It did not; the message has the command and what it printed.</exception>
    public CommandResult OrThrow() => Succeeded ? this : throw new LabException(ToString());

    /// <summary>Command, exit code and everything printed: the text of a failed check.</summary>
    public override string ToString()
    {
        string end = TimedOut ? $"did not end within {Elapsed.TotalSeconds:F1} s" : $"exit code {ExitCode}";
        return $"`{Command}`: {end}\n{Output}{Error}".TrimEnd();
    }
}
