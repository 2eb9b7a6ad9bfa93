using System;
using System.Globalization;
using System.IO;
using System.Threading;
using Dataplane.Lab;

namespace Dataplane.Bench.Trafgen;

/// <summary>A number in /proc/sys that belongs to the whole machine: set for a while, then put back.</summary>
/// <remarks>
/// It is put back when disposed and at an orderly end of the process, by a signal too; not when the process crashes, fails fast or
/// is killed. So a file has the number from before and the one that was set meanwhile, for the next one who sets it: what a dead
/// process left is not taken for the machine's own, unless somebody has changed it since. Files of /run live as long as the
/// settings do, until a restart. perf/peers/settings.sh shares them.
/// </remarks>
internal sealed class KernelSetting : IDisposable
{
    /// <summary>Connections that each network namespace may track.</summary>
    public const string ConntrackMax = "/proc/sys/net/netfilter/nf_conntrack_max";

    /// <summary>Bytes that a new socket may have under way, memory for their management included.</summary>
    public const string SendBuffer = "/proc/sys/net/core/wmem_default";

    private const string KeptFolder = "/run/dataplane-bench";

    private readonly string _path;
    private readonly string _kept;
    private readonly EventHandler _atExit;
    private string? _before;

    private KernelSetting(string path, string kept, string before)
    {
        _path = path;
        _kept = kept;
        _before = before;
        _atExit = (_, _) => PutBack();
        AppDomain.CurrentDomain.ProcessExit += _atExit;
    }

    /// <summary>Sets it until disposed.</summary>
    /// <exception cref="LabException">The kernel has no such setting, or refused, or what it was cannot be kept.</exception>
    public static KernelSetting Set(string path, long value) => Set(path, value, KeptFolder);

    /// <summary>As <see cref="Set(string, long)"/>, with the folder in which the number from before is kept.</summary>
    internal static KernelSetting Set(string path, long value, string folder)
    {
        try
        {
            string kept = Path.Combine(folder, path.Trim('/').Replace('/', '.'));
            string before = Original(kept, File.ReadAllText(path).Trim());
            string set = value.ToString(CultureInfo.InvariantCulture);
            Keep(kept, $"{before} {set}\n");
            File.WriteAllText(path, set);
            return new KernelSetting(path, kept, before);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{path} cannot be set: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= _atExit;
        PutBack();
    }

    /// <summary>The machine's own number: the present one, or where that is a dead process's, the one from before.</summary>
    private static string Original(string kept, string now)
    {
        string[] words = File.Exists(kept) ? File.ReadAllText(kept).Split(' ', StringSplitOptions.TrimEntries) : [];
        return words is [var before, var set] && set == now && long.TryParse(before, CultureInfo.InvariantCulture, out _) ? before : now;
    }

    // By renaming, so that there is never half a file.
    private static void Keep(string kept, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(kept)!);
        File.WriteAllText(kept + ".new", text);
        File.Move(kept + ".new", kept, overwrite: true);
    }

    private void PutBack()
    {
        if (Interlocked.Exchange(ref _before, null) is { } before)
        {
            File.WriteAllText(_path, before);
            File.Delete(_kept);
        }
    }
}
