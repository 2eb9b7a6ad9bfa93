using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace Dataplane.Bench.Trafgen;

/// <summary>Ends the process in order when a signal asks for it, so that labs and settings of the kernel are put back.</summary>
internal sealed class Interruption : IDisposable
{
    private const int SignalledExit = 128;

    private readonly PosixSignalRegistration[] _registrations;
    private int _raised;

    public Interruption() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Raise(context, 2)),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Raise(context, 15)),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => Raise(context, 1)),
    ];

    /// <summary>Does not return once a signal has been raised: the exit is under way, and what failed because the lab went
    /// away is worth no message.</summary>
    public void LetExit()
    {
        if (Volatile.Read(ref _raised) != 0)
        {
            Thread.Sleep(Timeout.Infinite);
        }
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }
    }

    private void Raise(PosixSignalContext context, int number)
    {
        context.Cancel = true;
        if (Interlocked.Exchange(ref _raised, 1) == 0)
        {
            Environment.Exit(SignalledExit + number);
        }
    }
}
