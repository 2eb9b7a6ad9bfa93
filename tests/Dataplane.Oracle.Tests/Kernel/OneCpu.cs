using System;
using Dataplane.Os;

namespace Dataplane.Oracle.Tests.Kernel;

/// <summary>Keeps the calling thread on one CPU until disposed.</summary>
internal readonly struct OneCpu : IDisposable
{
    private readonly int[] _before;

    private OneCpu(int[] before) => _before = before;

    public static OneCpu Stay()
    {
        int[] before = CpuAffinity.GetCurrentThread();
        CpuAffinity.SetCurrentThread([before[^1]]);
        return new OneCpu(before);
    }

    public void Dispose() => CpuAffinity.SetCurrentThread(_before);
}
