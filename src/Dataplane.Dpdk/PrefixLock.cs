using System;
using System.IO;

namespace Dataplane.Dpdk;

/// <summary>One process per file prefix, also where the EAL keeps no shared files (<c>--in-memory</c>).</summary>
internal static unsafe class PrefixLock
{
    /// <summary>Directory of the EAL's files for a prefix: under /var/run for root, as DPDK chooses it otherwise.</summary>
    internal static string RuntimeDirectory(string filePrefix)
    {
        string? user = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        string root = Environment.IsPrivilegedProcess ? "/var/run" : string.IsNullOrEmpty(user) ? "/tmp" : user;
        return Path.Combine(root, "dpdk", filePrefix);
    }

    /// <summary>Holds the prefix until the process ends.</summary>
    /// <exception cref="DpdkException">Somebody else holds it, or the directory cannot be used.</exception>
    internal static void Take(string filePrefix)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new DpdkException("the DPDK environment needs Linux");
        }

        string directory = RuntimeDirectory(filePrefix);
        try
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DpdkException($"cannot create {directory}: {error.Message}", "run as root, or set XDG_RUNTIME_DIR");
        }

        string path = Path.Combine(directory, "dataplane.lock");
        int holder;
        int result = Native.dp_lock_take(path, &holder);
        if (result == 0)
        {
            // A DPDK program that is not this one locks its configuration file.
            holder = Native.dp_lock_holder(Path.Combine(directory, "config"));
            if (holder <= 0)
            {
                return;
            }
        }

        if (result < 0 && result != -Errno.Busy)
        {
            throw DpdkException.From(result, $"locking {path}", ulong.MaxValue, remedy: null);
        }

        string who = holder > 0 ? $"process {holder}" : "a process outside this PID namespace";
        throw new DpdkException($"{who} already runs DPDK with file prefix '{filePrefix}'",
            holder > 0 ? $"stop it (kill -TERM {holder}) or choose another prefix" : "stop it or choose another prefix", Errno.Busy);
    }
}
