using System;
using System.IO;
using System.Reflection;

namespace Dataplane.Lab;

/// <summary>Where the parts of the checkout are that the lab starts or reads.</summary>
public static class RepositoryPaths
{
    /// <summary>The folder that holds Dataplane.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The router: <c>dataplane.dll</c>, as the release build leaves it. <c>DATAPLANE_DLL</c> overrides it.</summary>
    /// <exception cref="LabException">It has not been built.</exception>
    public static string RouterAssembly =>
        Existing(
            Environment.GetEnvironmentVariable("DATAPLANE_DLL")
                ?? Path.Combine(Root, "artifacts", "bin", "Dataplane.App", "release", "dataplane.dll"),
            "./build.sh build");

    /// <summary>The web server of the lab.</summary>
    public static string HttpServer => Existing(Path.Combine(Root, "tests", "lab", "http_server.py"), "git checkout tests/lab");

    /// <summary>A program that hosts of the lab run, such as messages.py.</summary>
    public static string HostProgram(string name) =>
        Existing(Path.Combine(Root, "tests", "Dataplane.Lab", "Hosts", name), "git checkout tests/Dataplane.Lab");

    /// <summary>The command that runs an assembly.</summary>
    public static string DotNet => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } path ? path : "dotnet";

    private static string Existing(string path, string remedy) =>
        File.Exists(path) ? path : throw new LabException($"{path} does not exist; {remedy} makes it");

    private static string FindRoot()
    {
        foreach (AssemblyMetadataAttribute attribute in typeof(RepositoryPaths).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>())
        {
            if (attribute.Key == "RepositoryRoot" && attribute.Value is { } root && File.Exists(Path.Combine(root, "Dataplane.sln")))
            {
                return root;
            }
        }

        throw new LabException("the checkout that this assembly was built from is gone; build again");
    }
}
