using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;

namespace Dataplane.Tidy.Tests;

/// <summary>The checkout's files, without what builds make. Paths are relative to its root, with forward slashes.</summary>
internal static class Tree
{
    private static readonly string[] s_built = ["artifacts", "bin", "obj", ".git", ".vs", "__pycache__"];

    public static string Root { get; } = typeof(Tree).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "RepositoryRoot").Value!;

    /// <summary>Files below <paramref name="folder"/> with one of the extensions (".cs"), sorted.</summary>
    public static IReadOnlyList<string> Files(string folder, params string[] extensions) =>
        [.. Walk(Full(folder)).Where(path => extensions.Contains(Path.GetExtension(path))).Select(Relative).Order(StringComparer.Ordinal)];

    /// <summary>C#, C, shell and Python sources of the whole checkout.</summary>
    public static IReadOnlyList<string> Sources() =>
    [
        .. ((string[])["src", "tests", "perf", "native", "deploy"]).SelectMany(folder => Files(folder, ".cs", ".c", ".h", ".sh", ".py")),
        "build.sh",
    ];

    public static string Text(string path) => File.ReadAllText(Full(path));

    public static string[] Lines(string path) => File.ReadAllLines(Full(path));

    public static bool Exists(string path) => Path.Exists(Full(path));

    private static string Full(string path) => Path.GetFullPath(Path.Combine(Root, path));

    private static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    private static IEnumerable<string> Walk(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return [];
        }

        IEnumerable<string> below = Directory.EnumerateDirectories(folder)
            .Where(path => !s_built.Contains(Path.GetFileName(path)))
            .SelectMany(Walk);
        return Directory.EnumerateFiles(folder).Concat(below);
    }
}
