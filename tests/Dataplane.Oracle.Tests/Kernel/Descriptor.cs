using System;
using System.ComponentModel;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace Dataplane.Oracle.Tests.Kernel;

/// <summary>What the sockets of the kernel side share: errors with a name, and a namespace of their own.</summary>
internal static unsafe class Descriptor
{
    /// <summary>Makes something in a network namespace; sockets stay in the one that they were made in.</summary>
    /// <param name="name">Below /run/netns.</param>
    /// <param name="make">Called on a thread of its own, which ends there: no pooled thread is left in a foreign namespace.</param>
    /// <exception cref="Win32Exception">There is no such namespace, or it may not be entered.</exception>
    public static T In<T>(string name, Func<T> make)
        where T : class
    {
        T? made = null;
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                Enter(name);
                made = make();
            }
            catch (Exception e) when (e is Win32Exception or InvalidOperationException)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return made!;
    }

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

    private static void Enter(string name)
    {
        int descriptor = Check(Libc.Open($"/run/netns/{name}", Libc.OpenReadOnlyCloseOnExec), $"open namespace {name}");
        try
        {
            Check(Libc.SetNamespace(descriptor, Libc.CloneNewNetwork), $"enter namespace {name}");
        }
        finally
        {
            _ = Libc.Close(descriptor);
        }
    }
}
