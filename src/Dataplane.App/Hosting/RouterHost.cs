using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using Dataplane.Conntrack;
using Dataplane.Control.Configuration;
using Dataplane.Control.Planning;
using Dataplane.Control.Socket;
using Dataplane.Datapath;
using Dataplane.Dpdk;
using Dataplane.Os;
using Dataplane.Packet;
using PortConfiguration = Dataplane.Control.Configuration.PortConfiguration;

namespace Dataplane.App.Hosting;

/// <summary>The router as a process: opens what the configuration names, runs until a signal, closes everything.</summary>
/// <remarks>
/// Everything is allocated on the way up, in the order socket, DPDK, ports, plan, table, workers, and released in
/// reverse. A failure on the way
/// releases what was there and ends in one line with a remedy.
/// </remarks>
internal sealed unsafe class RouterHost : IControlHost, IDisposable
{
    private readonly Stack<Action> _release = new();
    private readonly EventFd _wake;
    private Router? _router;
    private volatile bool _stopRequested;

    private RouterHost()
    {
        _wake = new EventFd();
        _release.Push(_wake.Dispose);

        // From the first opened resource to the last closed one: a signal must never leave a program on an interface behind.
        foreach (PosixSignal signal in new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP })
        {
            _release.Push(PosixSignalRegistration.Create(signal, RequestStop).Dispose);
        }
    }

    public bool StopRequested => _stopRequested;

    /// <summary>Runs the router on the calling thread, which becomes the control thread.</summary>
    /// <exception cref="DpdkException">DPDK, a port or a device.</exception>
    /// <exception cref="OsException">Memory or the control socket.</exception>
    /// <exception cref="AlreadyRunningException">Another router holds the control socket.</exception>
    public static void Run(RouterConfiguration configuration, TextWriter output)
    {
        using RouterHost host = new();
        host.RunUntilStopped(configuration, output);
    }

    public void Tick(long nowMs)
    {
        // Workers move the connections of a resize; the memory of the old buckets is this thread's to give back.
        _ = _router?.Conntrack.FinishResize();
        _ = _router?.Conntrack6?.FinishResize();
    }

    public void Dispose()
    {
        while (_release.TryPop(out Action? release))
        {
            try
            {
                release();
            }
            catch (Exception e) when (e is DpdkException or OsException or IOException)
            {
                // What failed on the way up has been reported; on the way down everything else is still released.
                Console.Error.WriteLine($"dataplane: while stopping: {e.Message}");
            }
        }
    }

    private void RunUntilStopped(RouterConfiguration configuration, TextWriter output)
    {
        LeaveWorkerCpus(configuration);
        ControlSocket socket = Own(ControlSocket.Open(configuration.Control.Socket));
        DeviceSpec[] devices = Devices(configuration, output);
        RouterMemory memory = RouterMemory.For(configuration, devices);
        EalStartup eal = StartEal(configuration, devices, memory);
        Mempool pool = Own(Mempool.Create("packets", memory.Mbufs, RouterMemory.CachePerLcore, memory.DataRoomBytes));
        OpenPort[] ports = OpenPorts(configuration, devices, pool);
        Plan* plan = BuildPlan(configuration, ports);
        int workerCount = configuration.Cores.Length;
        QueueAssignment assignment = new(
            [.. ports.Select(port => new PortQueues(port.Device.RxQueues, port.Device.TxQueues))], workerCount);
        bool hugepages = configuration.Memory.Hugepages == Control.Configuration.HugepageMode.Auto;
        ConntrackSize size = TableSize(configuration, hugepages);
        ConntrackSize? size6 = configuration.Ports.Any(port => port.Ipv6) ? size with { ArenaFile = null } : null;
        Router router = Own(new Router(plan, size, assignment, size6: size6, fragments: configuration.Limits.Fragments));
        _router = router;
        Worker<DpdkEnvironment>[] workers = BuildWorkers(router, pool, ports);
        ZoneConfiguration[] zones = [.. configuration.Zones];
        TimeoutPolicyConfiguration[] policies = [.. configuration.Conntrack.TimeoutPolicies];
        ShowSource source = Own(new ShowSource(router, ports, [.. eal.WorkerLcores], zones, policies));
        TableSettings settings = new(router, zones, policies, Console.OpenStandardOutput());
        ControlServer server = Own(new ControlServer(socket, source, settings));
        _ = Warmup.Run();
        StartupReport.Write(output, configuration, eal, ports, router, pool);

        foreach (OpenPort port in ports)
        {
            port.Device.Start();
        }

        // What start-up left behind is collected now, so that nothing is later.
        GC.Collect();
        _release.Push(() =>
        {
            router.Stop();
            WorkerLauncher.Wait(eal.WorkerLcores);
        });
        WorkerLauncher.Start(workers, eal.WorkerLcores, configuration.Idle);
        output.WriteLine($"ready: control socket {configuration.Control.Socket}");
        output.Flush();
        server.Run(this, _wake);
        output.WriteLine("stopping");
    }

    private void RequestStop(PosixSignalContext context)
    {
        // Ours: without this the runtime would end the process before the ports are closed.
        context.Cancel = true;
        _stopRequested = true;
        _wake.Signal();
    }

    private static ConntrackSize TableSize(RouterConfiguration configuration, bool hugepages)
    {
        ConntrackConfiguration conntrack = configuration.Conntrack;
        return new ConntrackSize((uint)conntrack.MaxEntries, configuration.Cores.Length, hugepages, (uint)conntrack.Buckets)
        {
            Capacity = (uint)conntrack.Capacity,

            // One for every connection that could be labelled; memory is touched as they are taken.
            SideRecords = configuration.Track.Any(rule => !rule.Label.IsEmpty) ? (uint)conntrack.Capacity : 0,
            Zones = [.. configuration.Zones.Select(zone => new ZoneLimit(zone.Id, zone.MaxEntries))],
        };
    }

    private static DeviceSpec[] Devices(RouterConfiguration configuration, TextWriter output)
    {
        DeviceSpec[] devices = new DeviceSpec[configuration.Ports.Length];
        for (int index = 0; index < devices.Length; index++)
        {
            PortConfiguration port = configuration.Ports[index];
            if (!DeviceSpec.TryParse(port.Device, out DeviceSpec? device, out string? error))
            {
                throw new DpdkException($"port {port.Name}: {error}");
            }

            devices[index] = device;
            CheckInterface(port, device, output);
        }

        return devices;
    }

    private static void CheckInterface(PortConfiguration port, DeviceSpec device, TextWriter output)
    {
        foreach (InterfaceProblem problem in KernelInterface.Check(device, port.Queues, port.MtuBytes, device.DataRoomBytes(port.MtuBytes)))
        {
            if (problem.IsError)
            {
                throw new DpdkException($"port {port.Name}: {problem.Text}", problem.Remedy);
            }

            output.WriteLine($"warning: port {port.Name}: {problem.Text}; {problem.Remedy}");
        }
    }

    private EalStartup StartEal(RouterConfiguration configuration, DeviceSpec[] devices, RouterMemory memory)
    {
        EalStartup startup = Eal.Initialize(new EalOptions
        {
            WorkerCpus = configuration.Cores,
            ControlCpu = ControlCpu(configuration),
            FilePrefix = configuration.Control.FilePrefix,
            Hugepages = configuration.Memory.Hugepages == Control.Configuration.HugepageMode.Off
                ? Dpdk.HugepageMode.Off
                : Dpdk.HugepageMode.Auto,
            MemoryMiB = memory.PoolMiB,
            PciAllow = [.. devices.Where(device => device.Kind == DeviceKind.Pci).Select(device => device.PciAddress!)],
            Drivers = configuration.Drivers,
            Telemetry = true,
        });
        _release.Push(Eal.Cleanup);
        return startup;
    }

    /// <summary>Moves this thread and the runtime's own to the CPUs that no worker has, if there are any.</summary>
    private static void LeaveWorkerCpus(RouterConfiguration configuration)
    {
        int[] others = [.. CpuAffinity.GetCurrentThread().Where(cpu => !configuration.Cores.Contains(cpu))];
        if (others.Length > 0)
        {
            CpuAffinity.SetAllThreads(others);
        }
    }

    /// <summary>The first CPU that no worker has; without one the control thread shares the first worker's.</summary>
    private static int ControlCpu(RouterConfiguration configuration)
    {
        foreach (int cpu in CpuAffinity.GetCurrentThread())
        {
            if (!configuration.Cores.Contains(cpu))
            {
                return cpu;
            }
        }

        return configuration.Cores[0];
    }

    private OpenPort[] OpenPorts(RouterConfiguration configuration, DeviceSpec[] devices, Mempool pool)
    {
        OpenPort[] ports = new OpenPort[devices.Length];
        byte[] rssKey = EthernetPort.RandomRssKey();
        for (int index = 0; index < ports.Length; index++)
        {
            PortConfiguration port = configuration.Ports[index];
            EthernetPort device = Own(EthernetPort.Open(port.Name, devices[index], port.Queues, port.MtuBytes));
            bool isNic = devices[index].Kind == DeviceKind.Pci;
            int transmit = isNic ? Math.Max(port.Queues, Math.Min(configuration.Cores.Length, device.Info().TxQueuesMax)) : port.Queues;
            device.Configure(
                new Dpdk.PortConfiguration
                {
                    RxQueues = port.Queues,
                    TxQueues = transmit,
                    Mtu = port.MtuBytes,
                    RxDescriptors = RouterMemory.Descriptors,
                    TxDescriptors = RouterMemory.Descriptors,
                    RssKey = port.Queues > 1 ? rssKey : ReadOnlyMemory<byte>.Empty,
                    VerifyChecksums = configuration.Conntrack.Checksum,

                    // A device knows its own address only: with another one it must let everything through to our check.
                    Promiscuous = port.Promiscuous || port.Mac is not null,

                    // Neighbours are found by multicast (RFC 4861 §7.2), to groups that follow from each address.
                    Multicast = port.Ipv6,
                },
                _ => pool);
            ports[index] = new OpenPort(port, device);
        }

        return ports;
    }

    private Plan* BuildPlan(RouterConfiguration configuration, OpenPort[] ports)
    {
        PortBinding[] bindings = new PortBinding[ports.Length];
        for (int index = 0; index < ports.Length; index++)
        {
            // The environment's number of a port is its index: QueueMap leads on to DPDK's.
            bindings[index] = new PortBinding(ports[index].Mac, (ushort)index);
        }

        Plan* plan = PlanCompiler.Compile(configuration, bindings).Build();
        _release.Push(() => PlanBuilder.Free(plan));
        plan->RouteTable = (nint)Own(RouterRoutes.Ipv4(plan)).Handle;
        if (RouterRoutes.Ipv6(plan) is { } routes6)
        {
            plan->RouteTable6 = (nint)Own(routes6).Handle;
        }

        return plan;
    }

    private Worker<DpdkEnvironment>[] BuildWorkers(Router router, Mempool pool, OpenPort[] ports)
    {
        QueueMap* map = (QueueMap*)NativeMemory.AllocZeroed((nuint)sizeof(QueueMap));
        _release.Push(() => NativeMemory.Free(map));
        for (int index = 0; index < ports.Length; index++)
        {
            map->Set(index, ports[index].Device);
        }

        Worker<DpdkEnvironment>[] workers = new Worker<DpdkEnvironment>[router.Workers];
        for (int worker = 0; worker < workers.Length; worker++)
        {
            workers[worker] = new Worker<DpdkEnvironment>(router, worker, new DpdkEnvironment(pool.Handle, map));
        }

        return workers;
    }

    private T Own<T>(T resource)
        where T : IDisposable
    {
        _release.Push(resource.Dispose);
        return resource;
    }
}
