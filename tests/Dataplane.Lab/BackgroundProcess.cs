using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Text;
using System.Threading;

namespace Dataplane.Lab;

/// <summary>A server that runs beside a test: its output is collected, and it is ended by its process id.</summary>
public sealed class BackgroundProcess : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _log = new();
    private readonly Lock _logLock = new();
    private bool _disposed;

    private BackgroundProcess(Process process) => _process = process;

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>It has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Exit code; valid once it has ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Standard output and error so far, in the order in which lines arrived.</summary>
    public string Log
    {
        get
        {
            lock (_logLock)
            {
                return _log.ToString();
            }
        }
    }

    /// <summary>Starts the program and returns at once.</summary>
    /// <exception cref="LabException">The program is not installed.</exception>
    public static BackgroundProcess Start(string file, params IEnumerable<string> arguments)
    {
        Process process = Command.Start(Command.StartInfo(file, arguments));
        process.StandardInput.Close();
        BackgroundProcess background = new(process);
        process.OutputDataReceived += background.Append;
        process.ErrorDataReceived += background.Append;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return background;
    }

    /// <summary>Waits until it ends by itself; false when <paramref name="timeout"/> passes first.</summary>
    public bool WaitForExit(TimeSpan timeout)
    {
        if (!_process.WaitForExit(timeout))
        {
            return false;
        }

        // This overload also waits until the last lines of output have been delivered.
        _process.WaitForExit();
        return true;
    }

    /// <summary>SIGTERM, then SIGKILL when <paramref name="grace"/> passes.</summary>
    /// <returns>The time from the signal to the end.</returns>
    public TimeSpan Stop(TimeSpan grace)
    {
        long began = Stopwatch.GetTimestamp();
        if (!_process.HasExited && Signals.Send(Id, Signals.Terminate) && !_process.WaitForExit(grace))
        {
            Signals.Send(Id, Signals.Kill);
        }

        TimeSpan elapsed = TimeSpan.Zero;
        if (_process.WaitForExit(TimeSpan.FromSeconds(5)))
        {
            elapsed = Stopwatch.GetElapsedTime(began);
            _process.WaitForExit();
        }

        return elapsed;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            Stop(TimeSpan.FromSeconds(2));
            _process.Dispose();
        }
    }

    private void Append(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is not null)
        {
            lock (_logLock)
            {
                _log.AppendLine(line.Data);
            }
        }
    }
}
