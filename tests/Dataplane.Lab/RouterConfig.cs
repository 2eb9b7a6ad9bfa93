using System;
using System.IO;
using System.Text.Json.Nodes;

namespace Dataplane.Lab;

/// <summary>Writes the router's configuration for the lab: deploy/examples/lab.json with the devices and paths of this run.</summary>
/// <remarks>The example is the one source: what a user starts with <c>./build.sh run</c> is what the tests prove.</remarks>
public static class RouterConfig
{
    /// <summary>The configuration that the lab starts from.</summary>
    public static string Example => Path.Combine(RepositoryPaths.Root, "deploy", "examples", "lab.json");

    /// <summary>Writes <paramref name="path"/> from <paramref name="source"/> with this run's values put in.</summary>
    /// <exception cref="LabException">The source is not a configuration.</exception>
    public static void Write(string path, string source, LabOptions options, string socket, string filePrefix)
    {
        ArgumentNullException.ThrowIfNull(options);
        JsonObject root = Read(source);
        root["Cores"] = options.Cores;
        foreach ((string _, JsonNode? port) in Section(root, "Ports"))
        {
            string device = port?["Device"]?.GetValue<string>() ?? throw new LabException($"{source}: a port without Device");
            port!["Device"] = $"{options.Device.Prefix()}:{device[(device.IndexOf(':', StringComparison.Ordinal) + 1)..]}";
            port["Queues"] = options.Queues;
        }

        JsonObject control = Section(root, "Control");
        control["Socket"] = socket;
        control["FilePrefix"] = filePrefix;
        Section(root, "Memory")["Hugepages"] = options.Hugepages ? "auto" : "off";
        options.Configure?.Invoke(root);
        File.WriteAllText(path, root.ToJsonString(new() { WriteIndented = true }) + "\n");
    }

    private static JsonObject Read(string source)
    {
        JsonNode? node = JsonNode.Parse(
            File.ReadAllText(source),
            documentOptions: new() { AllowTrailingCommas = true, CommentHandling = System.Text.Json.JsonCommentHandling.Skip });
        return node as JsonObject ?? throw new LabException($"{source}: not a JSON object");
    }

    private static JsonObject Section(JsonObject root, string name)
    {
        if (root[name] is not JsonObject section)
        {
            section = [];
            root[name] = section;
        }

        return section;
    }
}
