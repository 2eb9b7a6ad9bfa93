using System;
using System.IO;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>A fact that needs the C shim, which is built only where libdpdk's headers are.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NativeFactAttribute : FactAttribute
{
    public NativeFactAttribute()
    {
        const string variable = "DATAPLANE_NATIVE";
        string shim = Path.Combine(AppContext.BaseDirectory, "libdataplane_dpdk.so");
        if (!File.Exists(shim) && string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable)))
        {
            Skip = $"{shim} was not built, and {variable} names none";
        }
    }
}
