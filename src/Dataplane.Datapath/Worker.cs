using System.Runtime;
using System.Runtime.CompilerServices;
using Dataplane.Conntrack;
using Dataplane.Datapath.Fragments;
using Dataplane.Datapath.SlowPath;
using Dataplane.Datapath.SlowPath.Ipv6;
using Dataplane.Datapath.Stages;
using Dataplane.Packet;

namespace Dataplane.Datapath;

/// <summary>One worker: polls its queues, runs the pipeline, keeps house, and rests when there is nothing to do.</summary>
/// <typeparam name="TEnv">The world it runs in.</typeparam>
public sealed unsafe class Worker<TEnv>
    where TEnv : struct, IEnvironment
{
    /// <summary>Housekeeping (expiry, neighbours, credits) happens at most this often.</summary>
    private const long HousekeepingNanoseconds = 500_000;

    /// <summary>Compiled methods and allocated bytes are published this often.</summary>
    private const long InspectionNanoseconds = 250_000_000;

    /// <summary>Announcements at start: the first few seconds of a link may lose some.</summary>
    private const int Announcements = 3;
    private const long AnnouncementNanoseconds = 2_000_000_000;

    /// <summary>Empty polls before an adaptive worker sleeps, and the bounds of its sleep.</summary>
    private const int EmptyPollsBeforeSleep = 200;
    private const long SleepNanosecondsMin = 10_000;
    private const long SleepNanosecondsMax = 200_000;

    /// <summary>Retirements that one housekeeping round may add.</summary>
    private const uint RetirementsPerRound = 2048;

    private readonly Router _router;
    private readonly WorkerContext* _context;
    private readonly Quiescence* _quiescence;
    private readonly Quiescence* _quiescence6;
    private TEnv _environment;
    private long _compiledBefore = -1;
    private long _allocatedBefore;
    private long _inspectedNanoseconds;
    private long _announceNanoseconds;
    private int _announcementsLeft;

    public Worker(Router router, int index, TEnv environment)
    {
        System.ArgumentNullException.ThrowIfNull(router);
        _router = router;
        _context = router.Context(index);
        _quiescence = router.Conntrack.Table->Quiescence;
        _quiescence6 = router.Conntrack6 is null ? null : router.Conntrack6.Table->Quiescence;
        _environment = environment;
    }

    /// <summary>The worker's environment, for tests that look into it.</summary>
    public ref TEnv Environment => ref _environment;

    /// <summary>Runs until <see cref="Router.Stop"/>.</summary>
    public void Run(IdleMode idle)
    {
        GoOnline();
        if (_context->WorkerIndex == 0)
        {
            _announcementsLeft = Announcements;
            Announce();
        }

        // One complete round first, so that what it compiles does not count.
        _ = Poll();
        Housekeep();
        _compiledBefore = JitInfo.GetCompiledMethodCount(currentThread: true);
        _allocatedBefore = System.GC.GetAllocatedBytesForCurrentThread();
        int emptyPolls = 0;
        long sleep = SleepNanosecondsMin;
        while (!_router.IsStopping)
        {
            if (Poll() > 0 || IsMoving)
            {
                emptyPolls = 0;
                sleep = SleepNanosecondsMin;
            }
            else if (idle == IdleMode.Spin || ++emptyPolls < EmptyPollsBeforeSleep)
            {
                _environment.Relax();
            }
            else
            {
                Leave();
                _environment.Sleep(sleep);
                Enter();
                sleep = System.Math.Min(sleep * 2, SleepNanosecondsMax);
            }
        }

        if (_context->Table6 != null && _context->WorkerIndex == 0)
        {
            RouterAdvertisements.Cease(_context, ref _environment);
            Transmit.FlushAll(_context, ref _environment);
        }

        Leave();
    }

    /// <summary>Registers the worker as a reader; <see cref="Run"/> does it by itself.</summary>
    public void GoOnline()
    {
        _context->NowNanoseconds = _environment.NowNanoseconds();
        _context->Slot->SweepNanoseconds = _context->NowNanoseconds;
        if (_context->Table6 != null)
        {
            _context->Slot6->SweepNanoseconds = _context->NowNanoseconds;
        }

        Enter();
    }

    /// <summary>Tells the neighbours of every port where the router's IPv4 addresses are (RFC 5227 §2.3).</summary>
    /// <remarks>IPv6 addresses are announced once they are known to be unique: see <see cref="AddressDetection"/>.</remarks>
    public void Announce()
    {
        _announcementsLeft--;
        _announceNanoseconds = _context->NowNanoseconds + AnnouncementNanoseconds;
        Plan* plan = _context->Plan;
        for (int index = 0; index < plan->AddressSection.Count; index++)
        {
            PortAddress* own = plan->Addresses + index;
            Arp.Request(_context, ref _environment, own->Port, own->Address, own->Address);
        }

        Transmit.FlushAll(_context, ref _environment);
    }

    /// <summary>Whether connections are being moved to other buckets: work, though no packet comes.</summary>
    private bool IsMoving => _context->Table->IsResizing || (_context->Table6 != null && _context->Table6->IsResizing);

    /// <summary>One round over all queues.</summary>
    /// <returns>Packets received or taken from other workers.</returns>
    public int Poll()
    {
        WorkerContext* context = _context;
        long now = _environment.NowNanoseconds();
        context->NowNanoseconds = now;
        context->NowSeconds = (uint)((ulong)now / 1_000_000_000);
        _environment.EndStage(PipelineStage.Poll);
        int received = 0;
        for (int queue = 0; queue < context->ReceiveQueueCount; queue++)
        {
            received += Pipeline.Run(context, ref _environment, context->ReceiveQueues[queue]);
        }

        received += Transmit.Drain(context, ref _environment);
        if (now - context->HousekeepingNanoseconds >= HousekeepingNanoseconds)
        {
            _environment.EndStage(PipelineStage.Transmit);
            Housekeep();
            _environment.EndStage(PipelineStage.Housekeeping);
        }

        Transmit.FlushAll(context, ref _environment);
        PacketSink.Flush(context, ref _environment);
        _environment.EndStage(PipelineStage.Transmit);

        // Nothing read from the table is in hand here: the quiescent point of this poll.
        _quiescence->Quiescent(context->WorkerIndex);
        context->Table->Reclaim(context->Slot, ConntrackTable<Ipv4Tuple>.ReclaimBatch);
        context->Table->MoveStep();
        if (context->Table6 != null)
        {
            _quiescence6->Quiescent(context->WorkerIndex);
            context->Table6->Reclaim(context->Slot6, ConntrackTable<Ipv6Tuple>.ReclaimBatch);
            context->Table6->MoveStep();
        }

        context->Counters->Polls++;
        context->Counters->EmptyPolls += received == 0 ? 1u : 0u;
        _environment.EndStage(PipelineStage.Poll);
        return received;
    }

    // Not inlined: one poll in many.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Housekeep()
    {
        _context->HousekeepingNanoseconds = _context->NowNanoseconds;
        if (_context->Slot->Retired.Room >= RetirementsPerRound)
        {
            _context->Table->Sweep(_context->Slot, _context->NowNanoseconds);
        }

        _context->Pool->HandIn(_context->Slot);
        if (_context->Table6 != null)
        {
            Housekeep6();
        }

        NeighbourResolution.Maintain(_context, ref _environment);
        Reassembly.Maintain(_context, ref _environment);
        if (_announcementsLeft > 0 && _context->NowNanoseconds >= _announceNanoseconds)
        {
            Announce();
        }

        if (_context->NowNanoseconds - _inspectedNanoseconds >= InspectionNanoseconds)
        {
            Inspect();
        }
    }

    private void Housekeep6()
    {
        if (_context->Slot6->Retired.Room >= RetirementsPerRound)
        {
            _context->Table6->Sweep(_context->Slot6, _context->NowNanoseconds);
        }

        _context->Pool6->HandIn(_context->Slot6);
        if (_context->WorkerIndex == 0)
        {
            MulticastReports.Maintain(_context, ref _environment);
            AddressDetection.Maintain(_context, ref _environment);
            RouterAdvertisements.Maintain(_context, ref _environment);
        }
    }

    private void Enter()
    {
        _quiescence->GoOnline(_context->WorkerIndex);
        if (_quiescence6 != null)
        {
            _quiescence6->GoOnline(_context->WorkerIndex);
        }
    }

    private void Leave()
    {
        _quiescence->GoOffline(_context->WorkerIndex);
        if (_quiescence6 != null)
        {
            _quiescence6->GoOffline(_context->WorkerIndex);
        }
    }

    /// <summary>Publishes what must stay 0: methods compiled and bytes allocated on this thread.</summary>
    private void Inspect()
    {
        _inspectedNanoseconds = _context->NowNanoseconds;
        if (_compiledBefore >= 0)
        {
            _context->Counters->CompiledMethods = (ulong)(JitInfo.GetCompiledMethodCount(currentThread: true) - _compiledBefore);
            _context->Counters->AllocatedBytes = (ulong)(System.GC.GetAllocatedBytesForCurrentThread() - _allocatedBefore);
        }
    }
}
