using System.Reflection;

namespace Dataplane.App.Hosting;

/// <summary>The version of this build.</summary>
internal static class ProductVersion
{
    /// <summary>As the project file states it, without the source revision.</summary>
    public static string Text { get; } =
        typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
            ?.InformationalVersion.Split('+')[0] ?? "unknown";
}
