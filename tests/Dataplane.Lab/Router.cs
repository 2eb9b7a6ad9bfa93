using System;

namespace Dataplane.Lab;

/// <summary>What stands between the lab's hosts: the router under test, or the kernel as a control.</summary>
public abstract class Router : IDisposable
{
    /// <summary>For people: what it is.</summary>
    public abstract string Description { get; }

    /// <summary>Starts it and returns once it forwards.</summary>
    /// <exception cref="LabException">It did not start; the message carries what it printed.</exception>
    public abstract void Start();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
