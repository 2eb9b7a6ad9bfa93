using System;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.IO;

namespace Dataplane.Bench.Compare;

/// <summary>What interrupts and a hypervisor have taken of a processor since the machine started: /proc/stat (proc(5)).</summary>
/// <param name="Interrupts">Nanoseconds in interrupts and softirqs, ksoftirqd's among them.</param>
/// <param name="Stolen">Nanoseconds in which the host had it.</param>
internal sealed record ProcessorTimes(long Interrupts, long Stolen)
{
    private const string PathOfTimes = "/proc/stat";
    private const long NanosecondsPerTick = 10_000_000; // USER_HZ, 100 on every architecture that .NET runs on
    private const int Columns = 8;                      // user nice system idle iowait irq softirq steal; what follows is newer
    private const int Irq = 5;
    private const int Softirq = 6;
    private const int Steal = 7;

    /// <summary>Of a processor now; null where the kernel does not tell.</summary>
    public static ProcessorTimes? Read(int cpu)
    {
        try
        {
            return TryParse(File.ReadAllText(PathOfTimes), cpu, out ProcessorTimes? times) ? times : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Reads the line of a processor.</summary>
    /// <param name="text">All lines.</param>
    /// <param name="cpu">Its number.</param>
    /// <param name="times">What the line says.</param>
    /// <returns>False when there is no such line, or it is not understood.</returns>
    public static bool TryParse(string text, int cpu, [NotNullWhen(true)] out ProcessorTimes? times)
    {
        times = null;
        string name = string.Create(CultureInfo.InvariantCulture, $"cpu{cpu}");
        foreach (string line in text.Split('\n'))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > Columns && words[0] == name)
            {
                ReadOnlySpan<string> columns = words.AsSpan(1);
                if (!TryParse(columns[Irq], out long irq) || !TryParse(columns[Softirq], out long softirq)
                    || !TryParse(columns[Steal], out long stolen))
                {
                    return false;
                }

                times = new ProcessorTimes((irq + softirq) * NanosecondsPerTick, stolen * NanosecondsPerTick);
                return true;
            }
        }

        return false;
    }

    private static bool TryParse(string word, out long ticks) =>
        long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out ticks) && ticks <= long.MaxValue / NanosecondsPerTick / 2;
}
