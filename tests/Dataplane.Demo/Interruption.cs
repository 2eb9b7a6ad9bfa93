using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace Dataplane.Demo;

/// <summary>A signal asked this program to end.</summary>
internal static class Interruption
{
    private static readonly ManualResetEventSlim s_raised = new();
    private static int s_waiting;

    /// <summary>The handler: wakes <see cref="Wait"/>, or ends a demonstration, whose labs clean up on the way out.</summary>
    public static void Raise(PosixSignalContext context)
    {
        context.Cancel = true;
        s_raised.Set();
        if (Volatile.Read(ref s_waiting) == 0)
        {
            Environment.Exit(128 + SignalNumber(context.Signal));
        }
    }

    /// <summary>Waits for a signal or until <paramref name="ended"/>; true for a signal.</summary>
    public static bool Wait(Func<bool> ended)
    {
        Volatile.Write(ref s_waiting, 1);
        while (!s_raised.Wait(TimeSpan.FromMilliseconds(100)))
        {
            if (ended())
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Does not return once a signal has been raised: the handler's exit is under way, and nothing that failed
    /// because the lab went away is worth a message.</summary>
    public static void LetExit()
    {
        if (s_raised.IsSet)
        {
            Thread.Sleep(Timeout.Infinite);
        }
    }

    private static int SignalNumber(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGHUP => 1,
        PosixSignal.SIGINT => 2,
        _ => 15,
    };
}
