using Dataplane.Control.Configuration;

namespace Dataplane.App;

/// <summary>Loads configurations as the verbs do: with this process's environment, and devices that DPDK can make.</summary>
internal static class ConfigurationFile
{
    internal static LoadResult Load(string path, string[]? sets) => ConfigurationLoader.LoadFile(path, new LoadOptions
    {
        Sets = sets ?? [],
        Environment = LoadOptions.ProcessEnvironment(),
        DeviceCheck = CheckDevice,
    });

    private static string? CheckDevice(string text) =>
        Dataplane.Dpdk.DeviceSpec.TryParse(text, out _, out string? error) ? null : error;
}
