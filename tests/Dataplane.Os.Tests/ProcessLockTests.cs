using System;
using System.Diagnostics;
using Xunit;

namespace Dataplane.Os.Tests;

/// <summary>At most one living holder, whose id the others are told.</summary>
public sealed class ProcessLockTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void The_second_taker_is_told_the_holder()
    {
        string path = _directory.File("lock");
        using ProcessLock? held = ProcessLock.TryAcquire(path, out _);
        Assert.NotNull(held);
        Assert.Null(ProcessLock.TryAcquire(path, out int holder));
        Assert.Equal(Environment.ProcessId, holder);
    }

    [Fact]
    public void A_lock_that_was_let_go_can_be_taken_again()
    {
        string path = _directory.File("lock");
        ProcessLock.TryAcquire(path, out _)!.Dispose();
        using ProcessLock? again = ProcessLock.TryAcquire(path, out _);
        Assert.NotNull(again);
    }

    [Fact]
    public void A_file_left_behind_by_a_dead_process_is_no_obstacle()
    {
        string path = _directory.Write("lock", "4194304\nlonger than any pid that will be written over it\n");
        using ProcessLock? held = ProcessLock.TryAcquire(path, out _);
        Assert.NotNull(held);

        Assert.Null(ProcessLock.TryAcquire(path, out int holder));
        Assert.Equal(Environment.ProcessId, holder);
    }

    [Fact]
    public void Another_process_that_holds_the_file_without_an_id_is_pid_zero()
    {
        string path = _directory.Write("lock", "");
        using Process holder = Process.Start(new ProcessStartInfo("flock", [path, "sh", "-c", "echo held; cat"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        try
        {
            Assert.Equal("held", holder.StandardOutput.ReadLine());
            Assert.Null(ProcessLock.TryAcquire(path, out int pid));
            Assert.Equal(0, pid);
        }
        finally
        {
            holder.StandardInput.Close();
            holder.WaitForExit();
        }

        using ProcessLock? freed = ProcessLock.TryAcquire(path, out _);
        Assert.NotNull(freed);
    }

    [Fact]
    public void A_path_that_cannot_be_opened_is_an_error()
    {
        OsException error = Assert.Throws<OsException>(() => ProcessLock.TryAcquire(_directory.File("none/lock"), out _));
        Assert.Equal(Errno.NoEntry, error.ErrorNumber);
    }
}
