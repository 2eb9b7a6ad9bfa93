using System;
using System.Text;

namespace Dataplane.Tidy.Tests;

/// <summary>C# source with comments blanked, and literals too if asked: rules about code must not trip over prose.</summary>
internal static class CSharpText
{
    /// <summary>Blanks comments and the contents of string and character literals; lines keep their numbers.</summary>
    public static string Code(string source) => Blank(source, keepLiterals: false);

    /// <summary>Blanks comments only.</summary>
    public static string CodeAndLiterals(string source) => Blank(source, keepLiterals: true);

    private static string Blank(string source, bool keepLiterals)
    {
        StringBuilder text = new(source.Length);
        int at = 0;
        while (at < source.Length)
        {
            (int end, bool keep) = source.AsSpan(at) switch
            {
                ['/', '/', ..] => (EndOf(source, at, "\n"), false),
                ['/', '*', ..] => (EndOf(source, at + 2, "*/") + 2, false),
                ['"', '"', '"', ..] => (EndOfRaw(source, at), keepLiterals),
                ['@', '"', ..] => (EndOfVerbatim(source, at + 2), keepLiterals),
                ['$', '@', '"', ..] or ['@', '$', '"', ..] => (EndOfVerbatim(source, at + 3), keepLiterals),
                ['"', ..] => (EndOfQuoted(source, at, '"'), keepLiterals),
                ['\'', ..] => (EndOfQuoted(source, at, '\''), keepLiterals),
                _ => (at + 1, true),
            };
            end = Math.Min(end, source.Length);
            for (; at < end; at++)
            {
                text.Append(keep || source[at] == '\n' ? source[at] : ' ');
            }
        }

        return text.ToString();
    }

    private static int EndOf(string source, int from, string mark)
    {
        int end = source.IndexOf(mark, from, StringComparison.Ordinal);
        return end < 0 ? source.Length : end;
    }

    private static int EndOfRaw(string source, int at)
    {
        int quotes = 0;
        while (at + quotes < source.Length && source[at + quotes] == '"')
        {
            quotes++;
        }

        return EndOf(source, at + quotes, new string('"', quotes)) + quotes;
    }

    private static int EndOfVerbatim(string source, int at)
    {
        while (at < source.Length && (source[at] != '"' || source.AsSpan(at).StartsWith("\"\"")))
        {
            at += source[at] == '"' ? 2 : 1;
        }

        return at + 1;
    }

    private static int EndOfQuoted(string source, int at, char quote)
    {
        for (at++; at < source.Length && source[at] != quote && source[at] != '\n'; at++)
        {
            at += source[at] == '\\' ? 1 : 0;
        }

        return at + 1;
    }
}
