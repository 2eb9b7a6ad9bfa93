using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Dataplane.Datapath.Tests;

public class QueueAssignmentTests
{
    public static TheoryData<int, int> WorkersAndPorts()
    {
        TheoryData<int, int> data = [];
        for (int workers = 1; workers <= 8; workers++)
        {
            for (int ports = 1; ports <= 4; ports++)
            {
                data.Add(workers, ports);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(WorkersAndPorts))]
    public void Every_receive_queue_has_one_worker_and_workers_differ_by_one_queue_at_most(int workers, int ports)
    {
        for (int queues = 1; queues <= 8; queues++)
        {
            QueueAssignment assignment = Of(workers, ports, queues, 1);
            List<(int, int)> polled = [];
            List<int> counts = [];
            for (int worker = 0; worker < workers; worker++)
            {
                counts.Add(assignment.ReceiveQueues(worker).Count);
                polled.AddRange(assignment.ReceiveQueues(worker).Select(queue => ((int)queue.Port, (int)queue.Queue)));
            }

            Assert.Equal(ports * queues, polled.Count);
            Assert.Equal(ports * queues, polled.Distinct().Count());
            Assert.All(polled, queue => Assert.True(queue.Item1 < ports && queue.Item2 < queues));
            Assert.InRange(counts.Max() - counts.Min(), 0, 1);
        }
    }

    [Theory]
    [MemberData(nameof(WorkersAndPorts))]
    public void Every_transmit_queue_has_one_owner_and_every_worker_reaches_every_port(int workers, int ports)
    {
        for (int queues = 1; queues <= 8; queues++)
        {
            QueueAssignment assignment = Of(workers, ports, 1, queues);
            for (int port = 0; port < ports; port++)
            {
                int[] owned = [.. Enumerable.Range(0, workers).Select(worker => assignment.TransmitQueue(worker, port)).Where(queue => queue >= 0)];
                Assert.Equal(Math.Min(workers, queues), owned.Length);
                Assert.Equal(owned.Length, owned.Distinct().Count());
                Assert.All(owned, queue => Assert.InRange(queue, 0, queues - 1));
                for (int worker = 0; worker < workers; worker++)
                {
                    int owner = assignment.TransmitOwner(worker, port);
                    Assert.True(assignment.TransmitQueue(owner, port) >= 0, $"worker {worker} hands port {port} to {owner}, which has no queue");
                    Assert.True(assignment.TransmitQueue(worker, port) < 0 || owner == worker, "a worker with a queue hands over");
                }
            }
        }
    }

    [Fact]
    public void Single_queue_ports_have_different_owners()
    {
        QueueAssignment assignment = Of(4, 4, 1, 1);
        int[] owners = [.. Enumerable.Range(0, 4).Select(port => assignment.TransmitOwner(0, port))];
        Assert.Equal(4, owners.Distinct().Count());
    }

    [Fact]
    public void No_worker_and_no_queue_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Of(0, 1, 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Of(1, 1, 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Of(1, 1, 1, 0));
    }

    private static QueueAssignment Of(int workers, int ports, int receive, int transmit) =>
        new([.. Enumerable.Repeat(new PortQueues(receive, transmit), ports)], workers);
}
