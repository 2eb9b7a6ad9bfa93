using System.Runtime.InteropServices;
using Dataplane.Datapath;
using Dataplane.Dpdk;

namespace Dataplane.App.Hosting;

/// <summary>Where the queues of the router's ports are among DPDK's ports; native, read-only after start.</summary>
/// <remarks>One port of the router may be several DPDK ports: with AF_XDP each queue is one. 32 KiB, of which a worker
/// touches a line or two.</remarks>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct QueueMap
{
    /// <summary>Queues of a port at most.</summary>
    public const int QueuesMax = 64;

    private fixed uint _receive[PlanBuilder.PortsMax * QueuesMax];
    private fixed uint _transmit[PlanBuilder.PortsMax * QueuesMax];

    public void Set(int port, EthernetPort device)
    {
        for (int queue = 0; queue < device.RxQueues; queue++)
        {
            _receive[port * QueuesMax + queue] = Pack(device.RxQueue(queue));
        }

        for (int queue = 0; queue < device.TxQueues; queue++)
        {
            _transmit[port * QueuesMax + queue] = Pack(device.TxQueue(queue));
        }
    }

    public readonly PortQueue Receive(ushort port, ushort queue) => Unpack(_receive[port * QueuesMax + queue]);

    public readonly PortQueue Transmit(ushort port, ushort queue) => Unpack(_transmit[port * QueuesMax + queue]);

    private static uint Pack(PortQueue queue) => (uint)queue.Port << 16 | queue.Queue;

    private static PortQueue Unpack(uint packed) => new((ushort)(packed >> 16), (ushort)packed);
}
