using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Control.Diagnostics;
using Microsoft.Extensions.Configuration;

namespace Dataplane.Control.Reading;

/// <summary>Merges file, environment and command line, in that order, into located nodes.</summary>
/// <remarks>
/// Microsoft.Extensions.Configuration does the merging, with its rules for keys (case does not count, <c>__</c> in
/// variables is a level). Each layer is a memory source filled by us, because places and origins are needed later.
/// Nothing here watches files or reloads.
/// </remarks>
internal sealed class ConfigurationTree
{
    private const string EnvironmentPrefix = "DATAPLANE__";

    private readonly Dictionary<string, JsonEntry> _file = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, int> _order = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, (string Value, string Origin)> _overrides = new(StringComparer.OrdinalIgnoreCase);
    private readonly SourceLocation _whole;

    private ConfigurationTree(string origin) => _whole = new SourceLocation(origin, 0, 0);

    /// <param name="origin">The file's name for messages.</param>
    /// <param name="entries">What the file holds.</param>
    /// <param name="environment">Variables; those that start with <c>DATAPLANE__</c> count.</param>
    /// <param name="sets"><c>Section:Key=Value</c> from the command line; the last of two wins.</param>
    /// <param name="bag">Takes malformed overrides.</param>
    internal static ConfigurationNode Build(
        string origin,
        IReadOnlyList<JsonEntry> entries,
        IReadOnlyDictionary<string, string> environment,
        IReadOnlyList<string> sets,
        DiagnosticBag bag)
    {
        ConfigurationTree tree = new(origin);
        foreach (JsonEntry entry in entries)
        {
            tree._file[entry.Key] = entry;
            tree._order[entry.Key] = tree._order.Count;
        }

        Dictionary<string, string?> fromEnvironment = tree.AddEnvironment(environment);
        Dictionary<string, string?> fromCommandLine = tree.AddCommandLine(sets, bag);
        IConfigurationRoot root = new ConfigurationBuilder()
            .AddInMemoryCollection(tree._file.ToDictionary(pair => pair.Key, pair => pair.Value.Value))
            .AddInMemoryCollection(fromEnvironment)
            .AddInMemoryCollection(fromCommandLine)
            .Build();
        ConfigurationNode node = new()
        {
            Name = "",
            Path = "",
            Kind = NodeKind.Section,
            KeyLocation = tree._whole,
            ValueLocation = tree._whole,
        };
        tree.AddChildren(node, root);
        return node;
    }

    private Dictionary<string, string?> AddEnvironment(IReadOnlyDictionary<string, string> environment)
    {
        Dictionary<string, string?> layer = new(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, string value) in environment.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (name.StartsWith(EnvironmentPrefix, StringComparison.OrdinalIgnoreCase) && name.Length > EnvironmentPrefix.Length)
            {
                string key = KeyPath.FromOverride(name[EnvironmentPrefix.Length..].Replace("__", ":", StringComparison.Ordinal));
                layer[key] = value;
                _overrides[key] = (value, $"env {name}");
            }
        }

        return layer;
    }

    private Dictionary<string, string?> AddCommandLine(IReadOnlyList<string> sets, DiagnosticBag bag)
    {
        Dictionary<string, string?> layer = new(StringComparer.OrdinalIgnoreCase);
        foreach (string set in sets)
        {
            int equals = set.IndexOf('=', StringComparison.Ordinal);
            string key = KeyPath.FromOverride(equals < 0 ? set : set[..equals].Trim());
            if (equals < 0 || key.Length == 0 || key.Split(':').Any(string.IsNullOrWhiteSpace))
            {
                bag.Add(new Diagnostic(DiagnosticCode.OverrideMalformed, CommandLine, KeyPath.ToDisplay(key), null,
                    $"'{set}' is not KEY=VALUE", "write for example Conntrack:MaxEntries=100000"));
                continue;
            }

            layer[key] = set[(equals + 1)..];
            _overrides[key] = (set[(equals + 1)..], CommandLine.Origin);
        }

        return layer;
    }

    private static SourceLocation CommandLine => new("command line", 0, 0) { IsOverride = true };

    private void AddChildren(ConfigurationNode parent, IConfiguration section)
    {
        IEnumerable<IConfigurationSection> ordered = section.GetChildren()
            .OrderBy(child => _order.GetValueOrDefault(child.Path, int.MaxValue));
        foreach (IConfigurationSection child in ordered)
        {
            ConfigurationNode node = MakeNode(child);
            parent.Children.Add(node);

            // A value from an override replaces a section or a list of the file as a whole.
            if (node.Kind != NodeKind.Value)
            {
                AddChildren(node, child);
            }
        }
    }

    private ConfigurationNode MakeNode(IConfigurationSection section)
    {
        JsonEntry? entry = _file.GetValueOrDefault(section.Path);
        if (_overrides.TryGetValue(section.Path, out (string Value, string Origin) given))
        {
            SourceLocation origin = new(given.Origin, 0, 0) { IsOverride = true };
            return Node(section, NodeKind.Value, given.Value, origin, origin);
        }

        if (entry is not null)
        {
            bool grown = entry.Kind is NodeKind.Value or NodeKind.Null && section.GetChildren().Any();
            return Node(section, grown ? NodeKind.Section : entry.Kind, grown ? null : entry.Value, entry.KeyLocation, entry.ValueLocation);
        }

        // Only overrides lie below: the section is where the first of them says.
        string prefix = section.Path + ":";
        string name = _overrides.Where(pair => pair.Key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            .Select(pair => pair.Value.Origin).FirstOrDefault(_whole.Origin);
        SourceLocation place = new(name, 0, 0) { IsOverride = true };
        return Node(section, NodeKind.Section, null, place, place);
    }

    private static ConfigurationNode Node(
        IConfigurationSection section, NodeKind kind, string? value, SourceLocation keyAt, SourceLocation valueAt) => new()
        {
            Name = KeyPath.Unescape(section.Key),
            Path = KeyPath.ToDisplay(section.Path),
            Kind = kind,
            Value = value,
            KeyLocation = keyAt,
            ValueLocation = valueAt,
        };
}
