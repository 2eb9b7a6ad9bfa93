using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;

namespace Dataplane.Tidy.Tests;

public sealed partial class SourceShapeTests
{
    private const int LinesMax = 400;
    private const int CharactersMax = 140;

    // Tests are read row by row: a case on one line beats a narrow one.
    private const int TestCharactersMax = 175;

    [Fact]
    public void A_file_has_at_most_400_lines() =>
        Offenders.None(Tree.Sources().Where(path => Tree.Lines(path).Length > LinesMax));

    [Fact]
    public void A_line_has_at_most_140_characters_and_175_in_tests() =>
        Offenders.None(Tree.Sources().SelectMany(path => Tree.Lines(path).Index()
            .Where(line => line.Item.Length > (path.Contains("tests/", StringComparison.Ordinal) ? TestCharactersMax : CharactersMax))
            .Select(line => $"{path}:{line.Index + 1}")));

    [Fact]
    public void No_line_ends_with_blanks() =>
        Offenders.None(Lines(line => line != line.TrimEnd()));

    [Fact]
    public void A_file_ends_with_one_newline_and_has_unix_line_ends() =>
        Offenders.None(Tree.Sources().Where(path => !EndsWell(Tree.Text(path))));

    [Fact]
    public void There_are_sources_to_look_at() => Assert.InRange(Tree.Sources().Count, 100, int.MaxValue);

    [Fact]
    public void Nothing_is_left_to_be_done()
    {
        // Written in two halves, so that this file does not break its own rule.
        Regex mark = new(@"\b(" + "TO" + "DO|FIX" + "ME|XX" + @"X)\b");
        Offenders.None(Tree.Sources().SelectMany(path => Matching(path, Tree.Text(path), mark)));
    }

    [Fact]
    public void Nothing_blocks_on_a_task_by_its_result() =>
        Offenders.None(CSharp("src", "tests", "perf").SelectMany(path => Matching(path, CSharpText.Code(Tree.Text(path)), BlockingResult())));

    [Fact]
    public void Namespaces_are_file_scoped() =>
        Offenders.None(CSharp("src", "tests", "perf").Where(path => BlockNamespace().IsMatch(CSharpText.Code(Tree.Text(path)))));

    private static bool EndsWell(string text) =>
        text.EndsWith('\n') && !text.EndsWith("\n\n", StringComparison.Ordinal) && !text.Contains('\r', StringComparison.Ordinal);

    private static IEnumerable<string> Lines(Func<string, bool> isWrong) =>
        Tree.Sources().SelectMany(path => Tree.Lines(path).Index()
            .Where(line => isWrong(line.Item))
            .Select(line => $"{path}:{line.Index + 1}"));

    private static IEnumerable<string> CSharp(params string[] folders) => folders.SelectMany(folder => Tree.Files(folder, ".cs"));

    private static IEnumerable<string> Matching(string path, string text, Regex pattern) =>
        text.Split('\n').Index().Where(line => pattern.IsMatch(line.Item)).Select(line => $"{path}:{line.Index + 1}: {line.Item.Trim()}");

    [GeneratedRegex(@"\.Result\b(?!\s*[=(.])")]
    private static partial Regex BlockingResult();

    [GeneratedRegex(@"^\s*namespace\s+[\w.]+\s*(?:\{|$)", RegexOptions.Multiline)]
    private static partial Regex BlockNamespace();
}
