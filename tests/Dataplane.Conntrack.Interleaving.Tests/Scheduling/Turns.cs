using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace Dataplane.Conntrack.Interleaving.Tests;

/// <summary>Lets exactly one of two workers run and hands over at the points that a schedule names.</summary>
/// <remarks>
/// <para>
/// Static, because <see cref="Shared"/> is: one pair of workers exists at a time. Worker 0 is the calling thread, worker 1 a thread of
/// its own. All state but the turn itself is touched by the running worker only; the turn's release store and acquire load carry it over.
/// </para>
/// <para>
/// A run hands over three to six times and lasts a few microseconds, so the waiting thread spins: with both on a processor a
/// hand-over costs a cache miss. Where one of them has lost its processor the other yields after a while, and at once where there is
/// only one processor.
/// </para>
/// </remarks>
internal static class Turns
{
    /// <summary>Points in a run at most; what needs more does not end.</summary>
    public const int StepsMax = 20_000;

    // Waits without a step of either worker between them: once round both is enough, twice leaves no doubt.
    private const int IdleWaitsMax = 4;

    private static readonly int s_spins = Environment.ProcessorCount > 1 ? 5000 : 0;

    private static readonly Worker[] s_workers = new Worker[2];

    private static PaddedWord s_turn;
    private static Step s_now;
    private static int[] s_switches = [];
    private static Action<int>? s_body;

    /// <summary>Steps that the last run took: points that its workers reached.</summary>
    public static int Steps { get; private set; }

    /// <summary>The last step at which both workers were still there to choose from.</summary>
    public static int StepsTogether { get; private set; }

    /// <summary>Switches of the schedule that took place: later ones find that one worker has ended.</summary>
    public static int Preemptions { get; private set; }

    /// <summary>The last run's switch to a waiting worker found that it had to go on waiting: the same as no switch.</summary>
    public static bool WasFruitless { get; private set; }

    /// <summary>What ended the last run before its time; null if it came to its end.</summary>
    public static string? Failure { get; private set; }

    /// <summary>Runs both workers once.</summary>
    /// <param name="first">The worker that begins.</param>
    /// <param name="switches">Steps before which the other worker takes over, rising; the last is <see cref="int.MaxValue"/>.</param>
    /// <param name="body">What a worker does.</param>
    /// <param name="helper">Runs worker 1.</param>
    public static void Run(int first, int[] switches, Action<int> body, HelperThread helper)
    {
        ArgumentNullException.ThrowIfNull(helper);
        s_workers[0] = s_workers[1] = default;
        s_switches = switches;
        s_body = body;
        Failure = null;
        WasFruitless = false;
        StepsTogether = 0;
        Preemptions = 0;
        s_now = new Step { NextSwitch = Math.Min(switches[0], StepsMax), Running = first, WaitedAt = -1, SwitchedToWaiterAt = -1 };
        if (first == 1)
        {
            Give(1);
            Await(0);
        }

        Perform(0);
        if (!s_workers[1].IsFinished)
        {
            s_now.Running = 1;
            Give(1);
            Await(0);
        }

        Steps = s_now.Number;
        s_body = null;
    }

    /// <summary>A shared access comes next.</summary>
    public static void Reached()
    {
        if (++s_now.Number >= s_now.NextSwitch)
        {
            SwitchDue();
        }
    }

    /// <summary>The running worker cannot go on until the other has done something.</summary>
    public static void Waiting()
    {
        if (s_body == null)
        {
            return;
        }

        int self = s_now.Running;
        s_now.IdleWaits = s_now.WaitedAt == s_now.Number ? s_now.IdleWaits + 1 : 1;
        s_now.WaitedAt = s_now.Number;
        if (s_now.SwitchedToWaiterAt == s_now.Number)
        {
            WasFruitless = true;
        }

        if (s_now.IdleWaits > IdleWaitsMax)
        {
            Fail("deadlock: both workers wait, or one waits for what the other left behind");
        }

        if (!s_workers[1 - self].IsFinished)
        {
            s_workers[self].IsWaiting = true;
            HandOver(self);
            s_workers[self].IsWaiting = false;
        }
    }

    private static void SwitchDue()
    {
        if (s_body == null)
        {
            // Whoever prepares or inspects the table is alone.
            s_now.NextSwitch = int.MaxValue;
            return;
        }

        if (s_now.Number >= StepsMax)
        {
            Fail($"no end after {StepsMax} steps");
        }

        s_now.NextSwitch = Math.Min(s_switches[++s_now.SwitchesDone], StepsMax);
        int self = s_now.Running;
        if (!s_workers[1 - self].IsFinished)
        {
            Preemptions++;
            s_now.SwitchedToWaiterAt = s_workers[1 - self].IsWaiting ? s_now.Number : -1;
            HandOver(self);
        }
    }

    private static void HandOver(int self)
    {
        s_now.Running = 1 - self;
        Give(1 - self);
        Await(self);
        if (Failure != null)
        {
            throw new RunEndedException();
        }
    }

    private static void Fail(string message)
    {
        Failure = message;
        throw new RunEndedException();
    }

    private static void Perform(int worker)
    {
        try
        {
            if (Failure == null)
            {
                s_body!(worker);
            }
        }
        catch (RunEndedException)
        {
            // Failure says why; the other worker ends the same way at its next turn.
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            Failure ??= $"worker {worker}: {exception}";
        }

        s_workers[worker].IsFinished = true;
        if (!s_workers[1 - worker].IsFinished)
        {
            StepsTogether = s_now.Number;
        }
    }

    private static void Give(int worker) => Volatile.Write(ref s_turn.Value, worker);

    private static void Await(int worker)
    {
        for (int spin = 0; Volatile.Read(ref s_turn.Value) != worker; spin++)
        {
            if (spin >= s_spins)
            {
                Thread.Yield();
            }
        }
    }

    /// <summary>The thread that runs worker 1; there is one at a time.</summary>
    internal sealed class HelperThread : IDisposable
    {
        private static int s_count;

        private readonly Thread _thread;
        private bool _isOver;

        /// <exception cref="InvalidOperationException">Another has not been disposed of yet.</exception>
        public HelperThread()
        {
            if (Interlocked.Exchange(ref s_count, 1) != 0)
            {
                throw new InvalidOperationException("there is a worker 1 already");
            }

            Give(0);
            _thread = new Thread(Loop) { IsBackground = true, Name = "worker 1" };
            _thread.Start();
        }

        public void Dispose()
        {
            _isOver = true;
            Give(1);
            _thread.Join();
            Volatile.Write(ref s_count, 0);
        }

        private void Loop()
        {
            while (true)
            {
                Await(1);
                if (_isOver)
                {
                    return;
                }

                Perform(1);
                s_now.Running = 0;
                Give(0);
            }
        }
    }

    /// <summary>Unwinds a worker out of a run that has failed.</summary>
    private sealed class RunEndedException : Exception;

    private struct Worker
    {
        public bool IsFinished;
        public bool IsWaiting;
    }

    /// <summary>Where a run stands.</summary>
    private struct Step
    {
        public int Number;
        public int NextSwitch;
        public int SwitchesDone;
        public int Running;
        public int WaitedAt;
        public int IdleWaits;
        public int SwitchedToWaiterAt;
    }

    /// <summary>A word on a cache line of its own: the waiting thread reads it all the time.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct PaddedWord
    {
        [FieldOffset(128)] public int Value;
    }
}
