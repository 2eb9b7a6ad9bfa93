using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace Dataplane.Dpdk;

/// <summary>Verbosity of DPDK's log; the numbers are RTE_LOG_*.</summary>
public enum EalLogLevel
{
    Error = 4,
    Warning = 5,
    Notice = 6,
    Info = 7,
    Debug = 8,
}

/// <summary>What DPDK and its drivers said. It is kept in memory (the last 64 KiB) and never reaches stdout.</summary>
public static unsafe class EalLog
{
    private const int CapacityBytes = 65536;

    // What EAL and the bus layer add around the line that names the cause, and what libbpf and libxdp say in any case.
    private static readonly string[] Noise =
    [
        "Driver cannot attach the device",
        "Failed to attach device on primary process",
        "failed to initialize",
        "Failed to init internals",
        "skipping unrecognized data section",
        "No bpffs found",
        "Falling back to loading single prog",
        "without a working bpffs",
    ];

    /// <summary>Bytes logged so far; remembers a point for <see cref="LinesSince"/>.</summary>
    public static ulong Position => Native.dp_log_position();

    /// <summary>Lines logged after <paramref name="position"/>, oldest first; what fell out of the 64 KiB is missing.</summary>
    public static IReadOnlyList<string> LinesSince(ulong position)
    {
        byte[] text = new byte[CapacityBytes + 1];
        uint count;
        fixed (byte* bytes = text)
        {
            count = Native.dp_log_read(bytes, (uint)text.Length);
        }

        ulong written = Native.dp_log_position();
        ulong wanted = written > position ? written - position : 0;
        int length = (int)Math.Min(wanted, count);
        return Encoding.UTF8.GetString(text, (int)count - length, length)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    /// <summary>Copies the log to a file descriptor as well, 2 for stderr; -1 stops that.</summary>
    public static void Mirror(int fileDescriptor) => Native.dp_log_mirror(fileDescriptor);

    /// <summary>The line that most likely names the cause of a failure, without its prefix; null when nothing was
    /// logged.</summary>
    internal static string? CauseSince(ulong position) => Cause(LinesSince(position));

    internal static string? Cause(IReadOnlyList<string> lines)
    {
        string? cause = lines.LastOrDefault(line => !Noise.Any(line.Contains)) ?? (lines.Count > 0 ? lines[0] : null);
        if (cause is null)
        {
            return null;
        }

        // "EAL: text", "function(): text": the origin says nothing to an operator.
        int prefix = cause.IndexOf(": ", StringComparison.Ordinal);
        bool origin = prefix > 0 && !cause.AsSpan(0, prefix).ContainsAny(' ', '\'');
        return origin ? cause[(prefix + 2)..] : cause;
    }
}
