using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Linq;

namespace Dataplane.Bench;

/// <summary>What values of options must be.</summary>
internal static class OptionRules
{
    /// <summary>Refuses a value that is not good. What cannot be read as the option's type has an error of its own.</summary>
    /// <param name="option">The option.</param>
    /// <param name="isGood">Asked for the value that was given, or the default.</param>
    /// <param name="message">For people: the option's name and what it takes.</param>
    public static void Require<T>(this Option<T> option, Func<T?, bool> isGood, string message) => option.Validators.Add(result =>
    {
        if (TryRead(result, option, out T? value) && !isGood(value))
        {
            result.AddError(message);
        }
    });

    /// <summary>An option whose value is a list of known names.</summary>
    public static Option<string?> Names(string name, string description, IEnumerable<string> known)
    {
        string[] allowed = [.. known];
        Option<string?> option = new(name) { Description = $"{description}: {string.Join(", ", allowed)}" };
        option.RequireNames(allowed);
        return option;
    }

    /// <summary>Refuses names, with commas between them, that are none of these.</summary>
    public static void RequireNames<T>(this Option<T> option, IReadOnlyCollection<string> allowed) => option.Validators.Add(result =>
    {
        foreach (string name in result.Tokens.SelectMany(token => token.Value.Split(',')).Except(allowed))
        {
            result.AddError($"{option.Name}: '{name}' is none of {string.Join(", ", allowed)}");
        }
    });

    /// <summary>The value of an option as long as there is one of its type.</summary>
    public static bool TryRead<T>(SymbolResult result, Option<T> option, out T? value)
    {
        try
        {
            value = result.GetValue(option);
            return true;
        }
        catch (InvalidOperationException)
        {
            value = default;
            return false;
        }
    }
}
