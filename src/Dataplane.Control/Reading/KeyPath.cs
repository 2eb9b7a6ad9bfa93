namespace Dataplane.Control.Reading;

/// <summary>The two written forms of a key: colons inside, dots for people.</summary>
internal static class KeyPath
{
    internal static string ToDisplay(string key) => key.Replace(':', '.');

    /// <summary>The key's section, or empty at the top.</summary>
    internal static string Parent(string key)
    {
        int colon = key.LastIndexOf(':');
        return colon < 0 ? "" : key[..colon];
    }
}
