using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Dataplane.Control.Diagnostics;

namespace Dataplane.Control.Reading;

/// <summary>Reads the keys of one section, and at the end reports those that nobody asked for.</summary>
/// <remarks>A key that is wrong is reported and its default returned, so that reading goes on and finds the rest.</remarks>
internal sealed class SectionReader
{
    private readonly ConfigurationNode? _node;
    private readonly DiagnosticBag _bag;
    private readonly List<string> _known = [];
    private readonly Dictionary<string, string> _unsupported = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="node">The section, or null if it is absent: every key then has its default.</param>
    /// <param name="bag">Takes what is wrong.</param>
    internal SectionReader(ConfigurationNode? node, DiagnosticBag bag)
    {
        _bag = bag;
        _node = node is null || IsSection(node) ? node : null;
    }

    /// <summary>True if the section is there and is one.</summary>
    internal bool Exists => _node is not null;

    /// <summary>The children of a section keyed by name, in the order of the file.</summary>
    internal IReadOnlyList<ConfigurationNode> Children => _node?.Children ?? [];

    internal void Report(DiagnosticCode code, ConfigurationNode at, string message, string? remedy = null) =>
        _bag.Add(new Diagnostic(code, at.ValueLocation, at.Path, at.Value, message, remedy));

    internal void ReportKey(DiagnosticCode code, ConfigurationNode at, string message, string? remedy = null) =>
        _bag.Add(new Diagnostic(code, at.KeyLocation, at.Path, null, message, remedy));

    /// <summary>The node of a key that this version knows, or null.</summary>
    internal ConfigurationNode? Take(string key)
    {
        _known.Add(key);
        return _node?.Find(key);
    }

    /// <summary>The reader of a subsection.</summary>
    internal SectionReader Section(string key) => new(Take(key), _bag);

    /// <summary>Keys of features that do not exist yet: refused with that reason, never ignored.</summary>
    internal void Unsupported(params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
        {
            _unsupported[key] = "not supported yet in this version";
        }
    }

    /// <summary>A key that cannot work, with the reason.</summary>
    internal void Refuse(string key, string reason) => _unsupported[key] = reason;

    /// <summary>The text of a value, or null if the key is absent or is not a value (which is reported).</summary>
    internal string? Text(string key, out ConfigurationNode? node)
    {
        node = Take(key);
        return node is not null && IsValue(node) ? node.Value : null;
    }

    /// <summary>A value with a written form of its own.</summary>
    internal T Value<T>(string key, T fallback, DiagnosticCode code, ValueParser<T> parser) =>
        Text(key, out ConfigurationNode? node) is { } text ? Parse(node!, text, fallback, code, parser) : fallback;

    /// <summary>The same for a list element, or part of a value.</summary>
    internal T Parse<T>(ConfigurationNode node, string text, T fallback, DiagnosticCode code, ValueParser<T> parser)
    {
        if (parser(text.Trim(), out T value, out string error, out string? remedy))
        {
            return value;
        }

        Report(code, node, text == node.Value ? error : $"\"{text.Trim()}\" is {error}", remedy);
        return fallback;
    }

    internal int Integer(string key, int fallback, int min, int max)
    {
        if (Text(key, out ConfigurationNode? node) is not { } text)
        {
            return fallback;
        }

        bool good = long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value);
        if (good && value >= min && value <= max)
        {
            return (int)value;
        }

        string bounds = string.Create(CultureInfo.InvariantCulture, $"from {min} to {max}");
        string? nearest = good ? string.Create(CultureInfo.InvariantCulture, $"nearest: {Math.Clamp(value, min, max)}") : null;
        Report(DiagnosticCode.NumberInvalid, node!, $"must be a whole number {bounds}", nearest);
        return fallback;
    }

    internal bool Boolean(string key, bool fallback)
    {
        if (Text(key, out ConfigurationNode? node) is not { } text)
        {
            return fallback;
        }

        if (bool.TryParse(text, out bool value))
        {
            return value;
        }

        Report(DiagnosticCode.BooleanInvalid, node!, "must be true or false", null);
        return fallback;
    }

    /// <summary>One of a few words.</summary>
    internal T Choice<T>(string key, T fallback, params ReadOnlySpan<(string Word, T Value)> choices)
    {
        if (Text(key, out ConfigurationNode? node) is not { } text)
        {
            return fallback;
        }

        List<string> words = [];
        foreach ((string word, T value) in choices)
        {
            if (string.Equals(word, text.Trim(), StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }

            words.Add(word);
        }

        Report(DiagnosticCode.ChoiceInvalid, node!, $"must be {string.Join(" or ", words)}", Spelling.DidYouMean(text, words));
        return fallback;
    }

    /// <summary>The elements of a list, or of a value that is a comma-separated list; empty if the key is absent.</summary>
    internal IReadOnlyList<(ConfigurationNode Node, string Text)> List(string key)
    {
        ConfigurationNode? node = Take(key);
        if (node is null)
        {
            return [];
        }

        if (node.Kind == NodeKind.List || (node.Kind == NodeKind.Section && node.Children.Count > 0 && node.Children.All(IsNumbered)))
        {
            return [.. node.Children.Where(IsValue).Select(child => (child, child.Value!))];
        }

        return IsValue(node) ? [.. node.Value!.Split(',').Select(part => (node, part.Trim()))] : [];
    }

    /// <summary>Reports a key without a default that is absent; at the section's own place.</summary>
    internal void Missing(string key, string message, string? remedy)
    {
        string path = _node is null || _node.Path.Length == 0 ? key : $"{_node.Path}.{key}";
        SourceLocation at = _node?.KeyLocation ?? default;
        _bag.Add(new Diagnostic(DiagnosticCode.KeyMissing, at, path, null, message, remedy));
    }

    /// <summary>Reports every key that was not asked for.</summary>
    internal void Finish()
    {
        foreach (ConfigurationNode child in Children)
        {
            if (_known.Contains(child.Name, StringComparer.OrdinalIgnoreCase))
            {
                continue;
            }

            if (_unsupported.TryGetValue(child.Name, out string? reason))
            {
                ReportKey(DiagnosticCode.KeyUnsupported, child, reason, "remove the key");
            }
            else
            {
                string? remedy = Spelling.DidYouMean(child.Name, _known.Distinct());
                ReportKey(DiagnosticCode.KeyUnknown, child, "unknown key", remedy ?? $"known here: {string.Join(", ", _known.Distinct())}");
            }
        }
    }

    private static bool IsNumbered(ConfigurationNode node) => node.Name.All(char.IsAsciiDigit);

    private bool IsSection(ConfigurationNode node)
    {
        if (node.Kind == NodeKind.Section)
        {
            return true;
        }

        Report(DiagnosticCode.TypeWrong, node, $"must be a section, {{ ... }}, and is a {Describe(node.Kind)}");
        return false;
    }

    private bool IsValue(ConfigurationNode node)
    {
        if (node.Kind == NodeKind.Value)
        {
            return true;
        }

        Report(DiagnosticCode.TypeWrong, node, $"must be a value and is a {Describe(node.Kind)}",
            node.Kind == NodeKind.Null ? "remove the key to have its default" : null);
        return false;
    }

    private static string Describe(NodeKind kind) => kind switch
    {
        NodeKind.Section => "section",
        NodeKind.List => "list",
        NodeKind.Null => "null",
        _ => "value",
    };
}
