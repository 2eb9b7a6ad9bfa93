using System;
using System.Globalization;
using System.IO;
using System.Threading;
using Dataplane.Lab;

namespace Dataplane.Bench.Trafgen;

/// <summary>Whether somebody else uses the machine: what a router loses to others it should not be blamed for.</summary>
internal static class MachineLoad
{
    private const string PathOfLoad = "/proc/loadavg";
    private const int Looks = 25;
    private const int LookMs = 20;

    /// <summary>Looks for half a second; nothing of this program should run meanwhile.</summary>
    /// <returns>Threads ready to run besides the one that looks, on average. From half a thread on, figures suffer.</returns>
    /// <exception cref="LabException">The kernel does not say.</exception>
    public static double OthersReady()
    {
        int sum = 0;
        for (int look = 0; look < Looks; look++)
        {
            Thread.Sleep(LookMs);
            sum += ReadyIn(File.ReadAllText(PathOfLoad)) - 1;
        }

        return (double)sum / Looks;
    }

    /// <summary>Reads the threads that are ready to run: before the stroke in "0.42 0.30 0.11 2/306 4711" (proc(5)).</summary>
    /// <exception cref="LabException">Not such a line.</exception>
    public static int ReadyIn(string line)
    {
        string[] words = line.Split(' ');
        return words.Length >= 4
            && int.TryParse(words[3].Split('/')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int ready) && ready >= 1
            ? ready
            : throw new LabException($"{PathOfLoad} is not understood: {line}");
    }
}
