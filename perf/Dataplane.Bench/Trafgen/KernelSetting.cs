using System;
using System.Globalization;
using System.IO;
using Dataplane.Lab;

namespace Dataplane.Bench.Trafgen;

/// <summary>A number in /proc/sys that belongs to the whole machine: set for a while, then put back.</summary>
/// <remarks>It is put back at any end of the process but SIGKILL.</remarks>
internal sealed class KernelSetting : IDisposable
{
    /// <summary>Connections that each network namespace may track.</summary>
    public const string ConntrackMax = "/proc/sys/net/netfilter/nf_conntrack_max";

    /// <summary>Bytes that a new socket may have under way, memory for their management included.</summary>
    public const string SendBuffer = "/proc/sys/net/core/wmem_default";

    private readonly string _path;
    private readonly EventHandler _atExit;
    private string? _before;

    private KernelSetting(string path, string before)
    {
        _path = path;
        _before = before;
        _atExit = (_, _) => PutBack();
        AppDomain.CurrentDomain.ProcessExit += _atExit;
    }

    /// <summary>Sets it until disposed.</summary>
    /// <exception cref="LabException">The kernel has no such setting, or refused.</exception>
    public static KernelSetting Set(string path, long value)
    {
        try
        {
            string before = File.ReadAllText(path).Trim();
            File.WriteAllText(path, value.ToString(CultureInfo.InvariantCulture));
            return new KernelSetting(path, before);
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

    private void PutBack()
    {
        if (_before is { } before)
        {
            _before = null;
            File.WriteAllText(_path, before);
        }
    }
}
