using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace Dataplane.Tidy.Tests;

/// <summary>Finds the links and names in a document, and whether the tree has what they name.</summary>
internal static partial class DocumentRules
{
    private static readonly string[] s_fileExtensions = [".cs", ".c", ".h", ".sh", ".py", ".json", ".md", ".csproj", ".props", ".sln"];

    private static readonly Lazy<Dictionary<string, string>> s_code = new(() =>
        ((string[])["src", "tests", "perf"]).SelectMany(folder => Tree.Files(folder, ".cs"))
        .ToDictionary(path => path, path => CSharpText.CodeAndLiterals(Tree.Text(path))));

    private static readonly Lazy<HashSet<string>> s_words = new(() =>
        [.. s_code.Value.Where(file => !file.Key.StartsWith("tests/Dataplane.Tidy", StringComparison.Ordinal))
            .Select(file => file.Value)
            .Concat(Tree.Files(".", ".csproj", ".props").Select(Tree.Text))
            .SelectMany(text => Word().Matches(text)).Select(match => match.Value)]);

    private static readonly Lazy<HashSet<string>> s_fileNames = new(() =>
        [.. Tree.Files(".", s_fileExtensions).Select(path => Path.GetFileName(path))]);

    /// <summary>Links to files that do not exist. Links to other sites are not looked at.</summary>
    public static IEnumerable<string> BrokenLinks(string document, string text) =>
        Link().Matches(text)
            .Select(match => match.Groups[1].Value.Split('#')[0])
            .Where(target => target.Length > 0 && !target.Contains("://", StringComparison.Ordinal))
            .Where(target => !Tree.Exists(Path.Combine(Path.GetDirectoryName(document) ?? string.Empty, target)));

    /// <summary>Names between backticks that look like <c>Type</c>, <c>Type.Member</c> or a file, and are none.</summary>
    public static IEnumerable<string> UnknownNames(string text) =>
        Quoted().Matches(CodeBlock().Replace(text, string.Empty))
            .Select(match => match.Groups[1].Value)
            .Where(name => LooksLikeFile(name) ? !FileExists(name) : Identifier().IsMatch(name) && !IdentifierExists(name))
            .Distinct();

    private static bool LooksLikeFile(string name) =>
        !name.Contains(' ', StringComparison.Ordinal)
        && s_fileExtensions.Contains(Path.GetExtension(name))
        && name.Length > Path.GetExtension(name).Length;

    private static bool FileExists(string name) =>
        name.Contains('/', StringComparison.Ordinal) ? name.StartsWith('/') || Tree.Exists(name) : s_fileNames.Value.Contains(name);

    // A member must be written where its type is declared; a lone word anywhere in code or in a literal (option names).
    private static bool IdentifierExists(string name)
    {
        string[] parts = name.Split('.');
        if (parts.Length == 1 || parts[0] == "Dataplane")
        {
            return parts.All(s_words.Value.Contains);
        }

        Regex declaration = new($@"\b(?:class|struct|enum|interface|record)\s+{parts[^2]}\b");
        Regex member = new($@"\b{parts[^1]}\b");
        string[] declaring = [.. s_code.Value.Values.Where(code => declaration.IsMatch(code))];
        return declaring.Length == 0 ? parts.All(s_words.Value.Contains) : declaring.Any(member.IsMatch);
    }

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex("^```.*?^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"^[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*(?:\.[A-Z][A-Za-z0-9]*)*$")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"[A-Za-z_]\w*")]
    private static partial Regex Word();
}
