using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;

namespace Dataplane.Lab;

/// <summary>A network namespace of the lab: one host. Removing it removes its interfaces and ends its processes.</summary>
public sealed class NetworkNamespace : IDisposable
{
    private bool _exists;

    /// <summary>Makes the namespace with loopback up.</summary>
    /// <exception cref="LabException">Not permitted (needs root), or the name is taken.</exception>
    public NetworkNamespace(string name)
    {
        Name = name;
        Command.Run(Command.DefaultTimeout, "ip", "netns", "add", name).OrThrow();
        _exists = true;
        Ip("link", "set", "lo", "up");
    }

    /// <summary>Its name below /run/netns.</summary>
    public string Name { get; }

    /// <summary>Runs a command inside and waits for it.</summary>
    public CommandResult Run(TimeSpan timeout, string file, params IEnumerable<string> arguments) =>
        Command.Run(timeout, "ip", Inside(file, arguments));

    /// <summary>Runs a command inside with text on its standard input.</summary>
    public CommandResult RunWithInput(string input, string file, params IEnumerable<string> arguments) =>
        Command.Run(Command.DefaultTimeout, input, "ip", Inside(file, arguments));

    /// <summary>Starts a command inside and returns at once.</summary>
    /// <remarks><c>ip netns exec</c> becomes the command by execve(2), so the process's id is the command's.</remarks>
    public BackgroundProcess Start(string file, params IEnumerable<string> arguments) =>
        BackgroundProcess.Start("ip", Inside(file, arguments));

    /// <summary><c>ip</c> with <paramref name="arguments"/> on this namespace.</summary>
    /// <exception cref="LabException">It failed.</exception>
    public CommandResult Ip(params IEnumerable<string> arguments) =>
        Command.Run(Command.DefaultTimeout, "ip", ["-n", Name, .. arguments]).OrThrow();

    /// <summary>Writes a file of this namespace's /proc/sys/net or /sys/class/net, which are per namespace.</summary>
    public void Write(string path, string value) =>
        RunWithInput(value, "tee", path).OrThrow();

    /// <summary>A counter of this namespace's network stack, by its name in nstat(8), such as TcpInErrs.</summary>
    /// <returns>Its value since the namespace was made.</returns>
    /// <exception cref="LabException">The kernel has no such counter.</exception>
    public long KernelCounter(string name)
    {
        string output = Run(Command.DefaultTimeout, "nstat", "--noupdate", "--ignore", "--zeros", name).OrThrow().Output;
        foreach (string line in output.Split('\n'))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words is [_, string value, ..] && words[0] == name)
            {
                return long.Parse(value, CultureInfo.InvariantCulture);
            }
        }

        throw new LabException($"nstat shows no {name}:\n{output}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_exists)
        {
            _exists = false;
            Remove(Name);
        }
    }

    /// <summary>Removes what labs left behind whose processes ended without cleaning up (SIGKILL).</summary>
    internal static void RemoveLeftovers()
    {
        string folder = "/run/netns";
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (string path in Directory.EnumerateFiles(folder))
        {
            string name = Path.GetFileName(path);
            if (LabName.IsLeftover(name))
            {
                Remove(name);
            }
        }
    }

    private static void Remove(string name)
    {
        // A process keeps a namespace alive after its name is gone, with the interfaces in it.
        CommandResult processes = Command.Run(Command.DefaultTimeout, "ip", "netns", "pids", name);
        foreach (string line in processes.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out int processId))
            {
                Signals.Send(processId, Signals.Kill);
            }
        }

        Command.Run(Command.DefaultTimeout, "ip", "netns", "del", name);
    }

    private IEnumerable<string> Inside(string file, IEnumerable<string> arguments) => ["netns", "exec", Name, file, .. arguments];
}
