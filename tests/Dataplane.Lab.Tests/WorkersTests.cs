using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Dataplane.Lab.Tests;

/// <summary>Several workers share one connection table, whichever queue a packet arrives by.</summary>
public sealed class WorkersTests : LabTest
{
    // 20 MB are about 14,000 full segments one way and at least some hundred acknowledgements the other way.
    private const long TransferBytes = 20_000_000;
    private const long SegmentsAtLeast = TransferBytes / 1460;
    private const long AcknowledgementsAtLeast = 200;

    [Theory]
    [InlineData(DeviceKind.AfXdp)]
    [InlineData(DeviceKind.AfPacket)]
    public void Two_workers_with_two_queues_forward_many_connections(DeviceKind device) =>
        InLab(new LabOptions { Device = device, Queues = 2, Cores = "0-1" }, lab =>
        {
            WebServer web = ServeInternet(lab);
            TrafficAssertions.ManyConnectionsPass(lab, web, FarUrl, 100);
            IReadOnlyList<WorkerRow> workers = lab.Dataplane.Workers();
            Assert.Equal(2, workers.Count);
            Assert.Equal([0, 1], workers.SelectMany(w => w.Queues).Where(q => q.Port == "lan").Select(q => q.Queue).Order());
            Assert.All(workers, worker => Assert.True(worker.Received > 0, worker.ToString()));
        });

    [Fact]
    public void Directions_of_a_connection_meet_though_different_workers_own_the_ports() =>
        InLab(new LabOptions { Queues = 1, Cores = "0-1" }, lab =>
        {
            WorkerRow lan = Owner(lab.Dataplane.Workers(), "lan", 0);
            // One queue each on three ports and two workers: the first and another port are on different workers.
            string other = Owner(lab.Dataplane.Workers(), "wan", 0).Worker != lan.Worker ? "wan" : "dmz";
            WorkerRow far = Owner(lab.Dataplane.Workers(), other, 0);
            Assert.NotEqual(lan.Worker, far.Worker);
            bool throughWan = other == "wan";
            string url = throughWan ? FarUrl : $"http://{LabAddresses.Server}/";
            _ = throughWan ? ServeInternet(lab) : ServeInside(lab);
            DownloadCountedOn(lab, url, dataWorker: far.Worker, acknowledgementWorker: lan.Worker);
        });

    [Fact]
    public void Directions_of_a_connection_meet_though_they_use_different_queues() =>
        InLab(new LabOptions { Queues = 2, Cores = "0-1" }, lab =>
        {
            IReadOnlyList<WorkerRow> workers = lab.Dataplane.Workers();
            int acknowledgementWorker = Owner(workers, "lan", 0).Worker;
            int queue = Enumerable.Range(0, 2).First(candidate => Owner(workers, "wan", candidate).Worker != acknowledgementWorker);
            lab.Topology.SendByQueue(lab.Topology.Client, 0);
            lab.Topology.SendByQueue(lab.Topology.Internet, queue);
            ServeInternet(lab);
            DownloadCountedOn(lab, FarUrl, dataWorker: 1 - acknowledgementWorker, acknowledgementWorker);
        });

    private static void DownloadCountedOn(Lab lab, string url, int dataWorker, int acknowledgementWorker)
    {
        IReadOnlyList<WorkerRow> before = lab.Dataplane.Workers();
        AssertIntact(Traffic.Download(lab, lab.Topology.Client, url, TransferBytes));
        IReadOnlyList<WorkerRow> after = lab.Dataplane.Workers();
        Assert.True(Received(dataWorker) >= SegmentsAtLeast, $"{Received(dataWorker)} of the data");
        long acknowledgements = Received(acknowledgementWorker);
        Assert.True(acknowledgements >= AcknowledgementsAtLeast, $"{acknowledgements} of the acknowledgements");

        long Received(int worker) => after.Single(w => w.Worker == worker).Received - before.Single(w => w.Worker == worker).Received;
    }

    private static WorkerRow Owner(IReadOnlyList<WorkerRow> workers, string port, int queue) =>
        Assert.Single(workers, worker => worker.Queues.Contains(new QueueRow(port, queue)));
}
