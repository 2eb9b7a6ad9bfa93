using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;

namespace Dataplane.Dpdk;

/// <summary>DPDK's environment: started once in a process, by its control thread.</summary>
public static unsafe class Eal
{
    private static int s_started;

    /// <summary>Version of the libdpdk in use.</summary>
    public static string Version => Marshal.PtrToStringUTF8((nint)Native.dp_eal_version()) ?? string.Empty;

    /// <summary>Ports that exist now.</summary>
    public static uint PortCount => Native.dp_port_count();

    /// <summary>Starts the EAL: memory, lcores (which wait for <see cref="Launch"/>), log capture. Writes nothing to
    /// stdout.</summary>
    /// <remarks>
    /// The calling thread becomes the main lcore's but keeps the CPU affinity it had, and so do threads created
    /// later: the runtime's own threads must not settle on worker CPUs. Devices are added afterwards, one by one
    /// (<see cref="EthernetPort.Open"/>), so that a device that fails is named.
    /// </remarks>
    /// <exception cref="DpdkException">Bad options, a CPU out of reach, no memory, another process holds the prefix, or
    /// this process has tried before: DPDK cannot be started twice, not even after a failure.</exception>
    public static EalStartup Initialize(EalOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        EalArguments arguments = EalArguments.Build(options, HugepageState.Read(options.FilePrefix));
        foreach (int cpu in options.WorkerCpus.Append(options.ControlCpu))
        {
            CheckCpu(cpu);
        }

        if (Interlocked.Exchange(ref s_started, 1) != 0)
        {
            throw new DpdkException("the EAL was started in this process before", "restart the process");
        }

        try
        {
            PrefixLock.Take(options.FilePrefix);
            LayoutCheck.Verify();
        }
        catch
        {
            Interlocked.Exchange(ref s_started, 0); // DPDK has not been touched: another prefix may be tried
            throw;
        }

        int result = InitializeNative(arguments.Arguments);
        if (result < 0)
        {
            throw DpdkException.From(result, "starting DPDK", position: 0,
                $"check hugepages and permissions; the arguments were: {string.Join(' ', arguments.Arguments)}");
        }

        uint[] lcores = [.. Enumerable.Range(1, options.WorkerCpus.Count).Select(lcore => (uint)lcore)];
        return new EalStartup(Version, arguments.UsesHugepages, lcores, arguments.Notes);
    }

    /// <summary>Starts a function on a waiting worker lcore.</summary>
    /// <param name="lcore">One of <see cref="EalStartup.WorkerLcores"/>.</param>
    /// <param name="entry">Address of an <c>UnmanagedCallersOnly</c> (Cdecl) method; no exception may leave it.</param>
    /// <param name="argument">Passed on; must live until <see cref="Wait"/> returns.</param>
    /// <exception cref="DpdkException">No such worker, or it runs already.</exception>
    public static void Launch(uint lcore, delegate* unmanaged[Cdecl]<void*, int> entry, void* argument) =>
        DpdkException.ThrowIfFailed(Native.dp_lcore_launch(lcore, entry, argument), $"starting lcore {lcore}", ulong.MaxValue);

    /// <summary>Blocks until the lcore's function returned, and gives its result.</summary>
    /// <exception cref="DpdkException">No such worker.</exception>
    public static int Wait(uint lcore)
    {
        int result;
        DpdkException.ThrowIfFailed(Native.dp_lcore_wait(lcore, &result), $"waiting for lcore {lcore}", ulong.MaxValue);
        return result;
    }

    /// <summary>True while the lcore runs a function.</summary>
    public static bool IsBusy(uint lcore) => Native.dp_lcore_busy(lcore) == 1;

    /// <summary>NUMA node of an lcore, -1 when there is no such lcore.</summary>
    public static int NodeOf(uint lcore) => Math.Max(-1, Native.dp_lcore_node(lcore));

    /// <summary>EAL's id of the calling thread; <see cref="uint.MaxValue"/> for a thread it does not know.</summary>
    public static uint CurrentLcore => Native.dp_lcore_current();

    /// <summary>CPU the calling thread is on now.</summary>
    public static int CurrentCpu => Native.dp_cpu_current();

    /// <summary>Releases what the EAL holds; workers must have returned and ports be closed.</summary>
    public static void Cleanup()
    {
        ulong position = EalLog.Position;
        DpdkException.ThrowIfFailed(Native.dp_eal_cleanup(), "stopping DPDK", position);
    }

    private static void CheckCpu(int cpu)
    {
        int result = Native.dp_cpu_check((uint)cpu);
        if (result < 0)
        {
            string online = File.ReadAllText("/sys/devices/system/cpu/online").Trim();
            throw new DpdkException($"CPU {cpu} cannot be used by this process",
                $"choose from the CPUs online ({online}) that its cpuset allows", -result);
        }
    }

    private static int InitializeNative(IReadOnlyList<string> arguments)
    {
        // EAL reorders the array, so it gets one of its own; the strings are freed from ours.
        nint[] strings = [.. arguments.Select(Marshal.StringToCoTaskMemUTF8)];
        nint[] argv = [.. strings, 0];
        try
        {
            fixed (nint* pointer = argv)
            {
                return Native.dp_eal_init(arguments.Count, (byte**)pointer);
            }
        }
        finally
        {
            Array.ForEach(strings, Marshal.FreeCoTaskMem);
        }
    }
}
