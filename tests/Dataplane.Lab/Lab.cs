using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Threading;

namespace Dataplane.Lab;

/// <summary>
/// A topology, a router and the servers around it, for one test or one demonstration. Disposing ends every process and
/// removes namespaces and files. An ordinary end of the process (an unhandled exception and SIGTERM included) does the
/// same; what SIGKILL leaves, the next lab removes.
/// </summary>
public sealed class Lab : IDisposable
{
    private static readonly ConcurrentDictionary<Lab, byte> s_alive = new();
    private static int s_count;

    private readonly List<BackgroundProcess> _servers = [];
    private int _disposed;

    static Lab() => AppDomain.CurrentDomain.ProcessExit += (_, _) => DisposeAll();

    private Lab(LabOptions options)
    {
        Options = options;
        string prefix = LabName.Prefix(Interlocked.Increment(ref s_count));
        Folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), prefix)).FullName;
        s_alive[this] = 0;
        Topology = new Topology(prefix, options.Queues);
        Web = new WebFiles(Path.Combine(Folder, "www"));
    }

    public LabOptions Options { get; }

    /// <summary>Folder for this lab's files; removed with it.</summary>
    public string Folder { get; }

    public Topology Topology { get; } = null!;

    /// <summary>What the web servers of the lab serve.</summary>
    public WebFiles Web { get; } = null!;

    /// <summary>The router; null before one of the start methods was called.</summary>
    public Router? Router { get; private set; }

    /// <summary>The router under test.</summary>
    /// <exception cref="LabException">This lab runs another one.</exception>
    public DataplaneRouter Dataplane => Router as DataplaneRouter ?? throw new LabException("no dataplane router in this lab");

    /// <summary>Makes the hosts and their links, without a router yet.</summary>
    /// <exception cref="LabException">Not root, or a tool is missing.</exception>
    public static Lab Create(LabOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        RemoveLeftovers();
        try
        {
            return new Lab(options);
        }
        catch
        {
            DisposeAll();
            throw;
        }
    }

    /// <summary>Makes a lab with the router under test, ready to forward.</summary>
    /// <exception cref="LabException">It did not start; everything is removed again.</exception>
    public static Lab WithDataplane(LabOptions options) =>
        Started(options, lab => new DataplaneRouter(lab.Topology, options, lab.Folder));

    /// <summary>Makes a lab with Linux as the router.</summary>
    /// <exception cref="LabException">It did not start; everything is removed again.</exception>
    public static Lab WithKernel(LabOptions options) => Started(options, lab => new KernelRouter(lab.Topology));

    /// <summary>Puts <paramref name="router"/> into this lab and starts it; the lab disposes it.</summary>
    public void Start(Router router)
    {
        ArgumentNullException.ThrowIfNull(router);
        Router?.Dispose();
        Router = router;
        router.Start();
    }

    /// <summary>
    /// Starts a server in <paramref name="host"/> that lives as long as the lab, and waits until
    /// <paramref name="ready"/> says that it serves.
    /// </summary>
    /// <exception cref="LabException">It ended, or was not ready within 5 s.</exception>
    public BackgroundProcess Serve(
        NetworkNamespace host, Func<BackgroundProcess, bool> ready, string file, params IEnumerable<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(ready);
        BackgroundProcess server = host.Start(file, arguments);
        _servers.Add(server);
        for (int waited = 0; !ready(server); waited += 50)
        {
            if (server.WaitForExit(TimeSpan.FromMilliseconds(50)) || waited > 5000)
            {
                throw new LabException($"{file} did not come up:\n{server.Log}");
            }
        }

        return server;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        s_alive.TryRemove(this, out _);
        // The namespaces go whatever a process does on its way out: removing them ends what is left in them.
        try
        {
            Router?.Dispose();
            _servers.ForEach(server => server.Dispose());
        }
        finally
        {
            Topology?.Dispose();
            Directory.Delete(Folder, recursive: true);
        }
    }

    /// <summary>Disposes every lab of this process: for signal handlers.</summary>
    public static void DisposeAll()
    {
        foreach (Lab lab in s_alive.Keys)
        {
            lab.Dispose();
        }
    }

    private static Lab Started(LabOptions options, Func<Lab, Router> makeRouter)
    {
        Lab lab = Create(options);
        try
        {
            lab.Start(makeRouter(lab));
            return lab;
        }
        catch
        {
            lab.Dispose();
            throw;
        }
    }

    private static void RemoveLeftovers()
    {
        NetworkNamespace.RemoveLeftovers();
        foreach (string folder in Directory.EnumerateDirectories(Path.GetTempPath()))
        {
            if (LabName.IsLeftover(Path.GetFileName(folder)))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }
}
