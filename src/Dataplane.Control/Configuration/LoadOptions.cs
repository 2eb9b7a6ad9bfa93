using System;
using System.Collections;
using System.Collections.Generic;

namespace Dataplane.Control.Configuration;

/// <summary>What is loaded besides the file.</summary>
public sealed record LoadOptions
{
    /// <summary>Overrides <c>Section:Key=Value</c>; they win over everything.</summary>
    public IReadOnlyList<string> Sets { get; init; } = [];

    /// <summary>Variables; <c>DATAPLANE__Section__Key</c> wins over the file.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Says what is wrong with a device's text, or null. The caller knows which drivers there are.</summary>
    public Func<string, string?> DeviceCheck { get; init; } = text => string.IsNullOrWhiteSpace(text) ? "a device cannot be empty" : null;

    /// <summary>The variables of this process.</summary>
    public static IReadOnlyDictionary<string, string> ProcessEnvironment()
    {
        Dictionary<string, string> variables = [];
        foreach (DictionaryEntry entry in System.Environment.GetEnvironmentVariables())
        {
            variables[(string)entry.Key] = (string?)entry.Value ?? "";
        }

        return variables;
    }
}
