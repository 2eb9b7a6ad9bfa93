using System;

namespace Dataplane.Control.Reading;

/// <summary>The two written forms of a key: colons inside, dots for people.</summary>
/// <remarks>An IPv6 prefix, the key of a route, has colons of its own; inside they are another character, which no file may
/// use.</remarks>
internal static class KeyPath
{
    /// <summary>Stands for a colon that is part of a name.</summary>
    internal const char ColonInName = '\u001F';

    private const string RoutesPrefix = "Routes:";

    internal static string ToDisplay(string key) => key.Replace(':', '.').Replace(ColonInName, ':');

    /// <summary>A name as the last part of a key.</summary>
    internal static string Escape(string name) => name.Replace(':', ColonInName);

    /// <summary>A name as it was written.</summary>
    internal static string Unescape(string name) => name.Replace(ColonInName, ':');

    /// <summary>An override's key, <c>Routes:2001:db8::/32:Via</c>, with the colons of its prefix escaped.</summary>
    internal static string FromOverride(string key)
    {
        if (!key.StartsWith(RoutesPrefix, StringComparison.OrdinalIgnoreCase))
        {
            return key;
        }

        int slash = key.IndexOf('/', StringComparison.Ordinal);
        int end = slash < 0 ? -1 : key.IndexOf(':', slash);
        end = end < 0 ? key.Length : end;
        return slash < 0 ? key : string.Concat(key.AsSpan(0, RoutesPrefix.Length), Escape(key[RoutesPrefix.Length..end]), key.AsSpan(end));
    }

    /// <summary>The key's section, or empty at the top.</summary>
    internal static string Parent(string key)
    {
        int colon = key.LastIndexOf(':');
        return colon < 0 ? "" : key[..colon];
    }
}
