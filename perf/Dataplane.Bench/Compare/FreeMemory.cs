using System;
using System.Globalization;
using System.IO;
using System.Threading;

namespace Dataplane.Bench.Compare;

/// <summary>Waits until as much memory is free as a run needs: what another program takes, or the one before gives back, passes.</summary>
/// <param name="read">Bytes that are free now; null when nobody knows.</param>
/// <param name="pause">Called between two readings with the time to let pass.</param>
internal sealed class FreeMemory(Func<long?> read, Action<TimeSpan> pause)
{
    /// <summary>How long is waited for memory before a run is left out.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private const string MemoryFile = "/proc/meminfo";
    private static readonly TimeSpan s_step = TimeSpan.FromSeconds(1);

    /// <summary>That of this machine.</summary>
    public static FreeMemory OfMachine { get; } = new(() => Available(File.ReadAllText(MemoryFile)), Thread.Sleep);

    /// <summary>Waits until so much is free. Null, or after <see cref="Patience"/> what is missing.</summary>
    public string? Lack(long bytes)
    {
        TimeSpan waited = TimeSpan.Zero;
        while (read() is { } free && free < bytes)
        {
            if (waited >= Patience)
            {
                return string.Create(CultureInfo.InvariantCulture,
                    $"{bytes >> 20} MiB of memory should be free, {free >> 20} are after {waited.TotalSeconds:F0} s");
            }

            pause(s_step);
            waited += s_step;
        }

        return null;
    }

    /// <summary>Bytes that programs can get without swapping; null when the text does not say.</summary>
    /// <param name="text">Of /proc/meminfo: proc(5).</param>
    public static long? Available(string text)
    {
        const string key = "MemAvailable:";
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            if (line.StartsWith(key, StringComparison.Ordinal))
            {
                ReadOnlySpan<char> kibibytes = line[key.Length..].TrimEnd(" kB");
                return long.TryParse(kibibytes, NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out long value)
                    ? value << 10
                    : null;
            }
        }

        return null;
    }
}
