using System;
using System.Globalization;
using System.IO;

namespace Dataplane.Bench;

/// <summary>The unit in which cycles are reported.</summary>
internal static class TimeStampCounter
{
    /// <summary>Cycles per nanosecond: the invariant frequency that the kernel reports for the time stamp counter.</summary>
    public static double Gigahertz()
    {
        foreach (string line in File.ReadLines("/proc/cpuinfo"))
        {
            if (line.StartsWith("cpu MHz", StringComparison.Ordinal)
                && double.TryParse(
                    line.AsSpan(line.IndexOf(':', StringComparison.Ordinal) + 1), CultureInfo.InvariantCulture, out double mhz))
            {
                return mhz / 1000;
            }
        }

        return double.NaN;
    }
}
