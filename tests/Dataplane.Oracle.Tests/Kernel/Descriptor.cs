using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Dataplane.Oracle.Tests.Kernel;

/// <summary>What the sockets of the kernel side share: errors with a name, and waiting.</summary>
internal static unsafe class Descriptor
{
    /// <summary>A call's result.</summary>
    /// <exception cref="Win32Exception">It is negative.</exception>
    public static int Check(int result, string what) =>
        result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError(), $"{what}: errno {Marshal.GetLastPInvokeError()}");

    /// <summary>Waits for something to read.</summary>
    /// <returns>False when <paramref name="timeoutMs"/> milliseconds passed.</returns>
    public static bool WaitReadable(int descriptor, int timeoutMs)
    {
        Libc.PollItem item = new() { Descriptor = descriptor, Events = Libc.PollIn };
        int ready;
        do
        {
            ready = Libc.Poll(&item, 1, timeoutMs);
        }
        while (ready < 0 && Marshal.GetLastPInvokeError() == Libc.ErrnoInterrupted);

        return Check(ready, "poll") > 0;
    }

    /// <summary>Waits until one of two can be read, or the time has passed.</summary>
    public static void WaitEither(int first, int second, int timeoutMs)
    {
        Libc.PollItem* items = stackalloc Libc.PollItem[]
        {
            new Libc.PollItem { Descriptor = first, Events = Libc.PollIn },
            new Libc.PollItem { Descriptor = second, Events = Libc.PollIn },
        };

        // An interrupted wait is as good as one that has ended.
        _ = Libc.Poll(items, 2, timeoutMs);
    }
}
