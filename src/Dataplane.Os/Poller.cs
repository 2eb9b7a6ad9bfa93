using System;
using System.Runtime.InteropServices;

namespace Dataplane.Os;

/// <summary>Waits for descriptors (poll(2)). Allocates nothing.</summary>
public static unsafe class Poller
{
    /// <param name="entries">What to watch; <see cref="PollEntry.Ready"/> is filled in.</param>
    /// <param name="timeoutMs">0 looks and returns; -1 waits without end.</param>
    /// <returns>How many entries are ready; 0 after the timeout or an interrupting signal.</returns>
    /// <exception cref="OsException">A programming error: more entries than descriptors, or a bad address.</exception>
    public static int Wait(Span<PollEntry> entries, int timeoutMs)
    {
        fixed (PollEntry* first = entries)
        {
            int ready = Libc.Poll(first, (nuint)entries.Length, timeoutMs);
            if (ready >= 0)
            {
                return ready;
            }
        }

        if (Marshal.GetLastPInvokeError() != Errno.Interrupted)
        {
            throw OsException.Last("poll");
        }

        // The entries keep the report of an earlier wait: an interrupted one reports nothing.
        foreach (ref PollEntry entry in entries)
        {
            entry.Ready = 0;
        }

        return 0;
    }
}
