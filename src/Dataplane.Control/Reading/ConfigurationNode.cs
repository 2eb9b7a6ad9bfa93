using System;
using System.Collections.Generic;
using Dataplane.Control.Diagnostics;

namespace Dataplane.Control.Reading;

/// <summary>What the text of a value was, before its meaning is asked for.</summary>
internal enum NodeKind
{
    Section,
    List,
    Value,
    Null,
}

/// <summary>A key of the merged configuration with what it holds and where it was written.</summary>
internal sealed class ConfigurationNode
{
    internal required string Name { get; init; }

    /// <summary>The key with its sections, separated by dots, as people read it.</summary>
    internal required string Path { get; init; }

    internal required NodeKind Kind { get; init; }

    /// <summary>The value's text; null for a section or list.</summary>
    internal string? Value { get; init; }

    internal required SourceLocation KeyLocation { get; init; }

    internal required SourceLocation ValueLocation { get; init; }

    /// <summary>In the order of the file, then what overrides add.</summary>
    internal List<ConfigurationNode> Children { get; } = [];

    internal ConfigurationNode? Find(string name) =>
        Children.Find(child => string.Equals(child.Name, name, StringComparison.OrdinalIgnoreCase));
}
