using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;
using Dataplane.Control.Configuration;
using Dataplane.Datapath;
using Dataplane.Datapath.Fragments;
using Dataplane.Dpdk;
using PortConfiguration = Dataplane.Control.Configuration.PortConfiguration;

namespace Dataplane.App.Hosting;

/// <summary>How many packet buffers and how much DPDK memory a configuration needs.</summary>
/// <param name="Mbufs">Packet buffers in the pool.</param>
/// <param name="DataRoomBytes">Bytes of one buffer's data, headroom included.</param>
/// <param name="PoolMiB">DPDK's memory: buffers, routes, rings and drivers.</param>
internal sealed record RouterMemory(int Mbufs, int DataRoomBytes, int PoolMiB)
{
    /// <summary>Receive and transmit descriptors of each queue.</summary>
    public const int Descriptors = 1024;

    /// <summary>Buffers that each lcore keeps at hand.</summary>
    public const int CachePerLcore = 256;

    private const int DriverMiB = 64;

    // Object header, mbuf header, the spreading pad.
    private const int OverheadBytes = 64 + Packet.Mbuf.SizeBytes + 64;

    /// <summary>What the configuration asks for, or what its queues, rings and workers can hold at once.</summary>
    public static RouterMemory For(RouterConfiguration configuration, IReadOnlyList<DeviceSpec> devices)
    {
        int workers = configuration.Cores.Length;
        int ports = configuration.Ports.Length;
        int rings = devices.Select((device, index) => Rings(device, configuration.Ports[index], workers)).Sum();
        int perWorker = 2 * CachePerLcore + WorkerContext.BurstMax + ports * (WorkerContext.TransmitMax + HandoverRing.Capacity);
        int computed = rings + workers * perWorker + NeighbourTable.HeldMax + configuration.Limits.Fragments.Held;

        // A power of two minus one is what a mempool stores without waste.
        int mbufs = configuration.Memory.Mbufs > 0
            ? configuration.Memory.Mbufs
            : (int)BitOperations.RoundUpToPowerOf2((uint)computed) - 1;
        int dataRoom = devices.Select((device, index) => device.DataRoomBytes(configuration.Ports[index].MtuBytes))
            .Append(Mempool.DefaultDataRoomBytes).Max();
        long bytes = (long)mbufs * (dataRoom + OverheadBytes);
        int pool = configuration.Memory.PoolBytes > 0
            ? (int)(configuration.Memory.PoolBytes >> 20)
            : (int)(bytes + bytes / 8 + Fib.FirstTableBytes + RouterRoutes.Bytes6(configuration) >> 20) + 1 + DriverMiB;
        return new RouterMemory(mbufs, dataRoom, pool);
    }

    private static int Rings(DeviceSpec device, PortConfiguration port, int workers) =>
        device.MbufsPerQueue(Descriptors, Descriptors) * Math.Max(port.Queues, workers);
}
