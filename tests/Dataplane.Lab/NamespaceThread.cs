using System;
using System.ComponentModel;
using System.IO;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Threading;
using Microsoft.Win32.SafeHandles;

namespace Dataplane.Lab;

/// <summary>Work in another network namespace: sockets and files of /proc stay in the one in which they were made.</summary>
public static partial class NamespaceThread
{
    private const int CloneNewNetwork = 0x40000000;

    /// <summary>Calls <paramref name="make"/> on a thread of its own, which enters the namespace and ends there: no pooled thread is
    /// left in a foreign one.</summary>
    /// <param name="name">Below /run/netns.</param>
    /// <param name="make">Makes sockets or opens files; what it throws is thrown here.</param>
    /// <returns>What was made: it stays in the namespace in which it was.</returns>
    /// <exception cref="LabException">There is no such namespace, or it may not be entered.</exception>
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
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return made!;
    }

    private static void Enter(string name)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle($"/run/netns/{name}");
            if (SetNamespace(file, CloneNewNetwork) != 0)
            {
                throw new Win32Exception(Marshal.GetLastPInvokeError());
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Win32Exception)
        {
            throw new LabException($"network namespace {name} cannot be entered: {e.Message}", e);
        }
    }

    // setns(2)
    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeFileHandle file, int kind);
}
