using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dataplane.Datapath;
using Dataplane.Dpdk;

namespace Dataplane.App.Hosting;

/// <summary>Runs workers on EAL lcores.</summary>
/// <remarks>
/// DPDK starts a plain function with one argument, so the workers stand in a static table and the argument is an index.
/// One router per process is what
/// the EAL allows anyway.
/// </remarks>
internal static unsafe class WorkerLauncher
{
    private static Worker<DpdkEnvironment>[] s_workers = [];
    private static IdleMode s_idle;

    /// <summary>Starts every worker on its lcore; they run until <see cref="Router.Stop"/>.</summary>
    /// <exception cref="DpdkException">An lcore does not start.</exception>
    public static void Start(Worker<DpdkEnvironment>[] workers, IReadOnlyList<uint> lcores, IdleMode idle)
    {
        s_workers = workers;
        s_idle = idle;
        for (int worker = 0; worker < workers.Length; worker++)
        {
            Eal.Launch(lcores[worker], &Enter, (void*)worker);
        }
    }

    /// <summary>Blocks until all have returned.</summary>
    public static void Wait(IReadOnlyList<uint> lcores)
    {
        foreach (uint lcore in lcores)
        {
            _ = Eal.Wait(lcore);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Enter(void* argument)
    {
        int index = (int)argument;
        try
        {
            s_workers[index].Run(s_idle);
            return 0;
        }
        catch (Exception e)
        {
            // No exception crosses into C, and a worker that fails has broken an invariant: end loudly, with what is known.
            Environment.FailFast($"worker {index} failed: {e.Message}", e);
            return 1;
        }
    }
}
