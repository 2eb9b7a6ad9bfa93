using System.Runtime.InteropServices;

namespace Dataplane.Lab;

/// <summary>Signals to processes by their id (kill(2)).</summary>
public static partial class Signals
{
    public const int Kill = 9;
    public const int Terminate = 15;

    /// <summary>Sends <paramref name="signal"/>; false when the process is gone already or is not ours to signal.</summary>
    public static bool Send(int processId, int signal) => SendRaw(processId, signal) == 0;

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendRaw(int processId, int signal);
}
