using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dataplane.Dpdk;

/// <summary>Finds the C shim: <c>DATAPLANE_NATIVE</c> (a file or a directory), else beside this assembly.</summary>
internal static class NativeLoader
{
    /// <summary>Environment variable that names the library or its directory; it wins.</summary>
    internal const string Variable = "DATAPLANE_NATIVE";

    /// <summary>Name in every import of this assembly.</summary>
    internal const string Library = "dataplane_dpdk";

    private const string FileName = "libdataplane_dpdk.so";

    [SuppressMessage("Usage", "CA2255", Justification =
        "A static constructor would put an initialisation check in front of every burst call.")]
    [ModuleInitializer]
    internal static void Register() => NativeLibrary.SetDllImportResolver(typeof(NativeLoader).Assembly, Resolve);

    internal static IReadOnlyList<string> Candidates(string? variable, string assemblyDirectory)
    {
        if (string.IsNullOrEmpty(variable))
        {
            return [Path.Combine(assemblyDirectory, FileName)];
        }

        return [Directory.Exists(variable) ? Path.Combine(variable, FileName) : variable];
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search)
    {
        if (name != Library)
        {
            return 0; // libc and the like: the usual search
        }

        string? failure = null;
        foreach (string path in Candidates(Environment.GetEnvironmentVariable(Variable), AppContext.BaseDirectory))
        {
            if (!File.Exists(path))
            {
                failure = $"{path} does not exist";
                continue;
            }

            try
            {
                return NativeLibrary.Load(path);
            }
            catch (DllNotFoundException error)
            {
                // The loader's own words name the missing dependency, librte_eal.so.23 for one.
                failure = error.Message.Split('\n', 2)[0].TrimEnd();
            }
        }

        throw new DpdkException($"cannot load the DPDK shim: {failure}",
            $"apt-get install dpdk libdpdk-dev, build with `make -C native`, or point {Variable} at {FileName}");
    }
}
