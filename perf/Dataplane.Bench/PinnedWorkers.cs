using System;
using System.Runtime.ExceptionServices;
using System.Threading;
using Dataplane.Os;

namespace Dataplane.Bench;

/// <summary>What one worker did in a repeat.</summary>
/// <param name="Operations">Completed.</param>
/// <param name="Seconds">From the common start to this worker's end.</param>
/// <param name="AllocatedBytes">Managed bytes that its thread allocated meanwhile.</param>
internal readonly record struct WorkerRun(long Operations, double Seconds, long AllocatedBytes)
{
    /// <summary>Millions of operations a second.</summary>
    public double Mops => Operations / Seconds / 1e6;
}

/// <summary>Threads with a processor each, which begin together.</summary>
internal static class PinnedWorkers
{
    /// <summary>The processor of a worker: the last ones are the workers', so that with fewer workers than processors the
    /// starting thread has one for itself.</summary>
    public static int Processor(int worker, int workers) => Environment.ProcessorCount - workers + worker;

    /// <summary>Runs <paramref name="body"/> on every worker at once and waits for all.</summary>
    /// <param name="workers">At most as many as there are processors.</param>
    /// <param name="body">Given the worker's number. It must not throw.</param>
    /// <param name="meanwhile">Runs on the calling thread from the common start on.</param>
    public static WorkerRun[] Run(int workers, Func<int, WorkerRun> body, Action? meanwhile = null)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(workers, Environment.ProcessorCount);
        WorkerRun[] runs = new WorkerRun[workers];
        Thread[] threads = new Thread[workers];
        ExceptionDispatchInfo? failure = null;
        using Barrier together = new(workers + 1);
        for (int index = 0; index < workers; index++)
        {
            int self = index;
            threads[index] = new Thread(() =>
            {
                try
                {
                    CpuAffinity.SetCurrentThread([Processor(self, workers)]);
                }
                catch (OsException error)
                {
                    failure = ExceptionDispatchInfo.Capture(error);
                }

                together.SignalAndWait();
                if (failure == null)
                {
                    runs[self] = body(self);
                }
            });
            threads[index].Start();
        }

        together.SignalAndWait();
        meanwhile?.Invoke();
        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        failure?.Throw();
        return runs;
    }

    /// <summary>Runs <paramref name="body"/> once, on a worker's processor.</summary>
    public static void RunOne(Action body) => Run(1, _ =>
    {
        body();
        return default;
    });
}
