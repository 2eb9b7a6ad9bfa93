using System;
using System.IO;
using System.Linq;
using System.Text;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;
using Xunit;

namespace Dataplane.Control.Tests;

/// <summary>Files that cannot be a configuration, whatever they hold.</summary>
public sealed class FileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_good_file_is_accepted()
    {
        LoadResult result = ConfigurationLoader.LoadFile(_directory.Write("good.json", Texts.Home), new LoadOptions());
        Assert.Empty(result.Diagnostics);
        Assert.NotNull(result.Configuration);
    }

    [Fact]
    public void A_missing_file_is_reported() => AssertFails(_directory.File("none.json"), DiagnosticCode.FileMissing);

    [Fact]
    public void A_file_in_a_missing_directory_is_reported() => AssertFails(_directory.File("none/none.json"), DiagnosticCode.FileMissing);

    [Fact]
    public void A_directory_is_reported_as_one()
    {
        Diagnostic found = AssertFails(_directory.Path, DiagnosticCode.FileUnreadable);
        Assert.Contains("is a directory", found.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \r\n\t ")]
    [InlineData("\uFEFF")]
    public void An_empty_file_is_reported(string text) => AssertFails(_directory.Write("empty.json", text), DiagnosticCode.FileEmpty);

    [Theory]
    [InlineData("// nothing but a comment")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("{ \"Cores\": \"1\" \"Idle\": \"spin\" }")]
    public void A_file_that_is_no_json_object_is_reported(string text)
    {
        LoadResult result = Texts.Load(text);
        Assert.Null(result.Configuration);
        Diagnostic found = result.Diagnostics.Last(item => item.IsError);
        Assert.True(found.Code is DiagnosticCode.SyntaxError or DiagnosticCode.TypeWrong, found.ToString());
        Assert.True(found.Location.Line == 1 && found.Location.Column >= 1, found.ToString());
    }

    [Fact]
    public void A_file_beyond_the_limit_is_reported()
    {
        string path = _directory.File("large.json");
        using (FileStream stream = File.Create(path))
        {
            stream.SetLength(ConfigurationLoader.FileBytesMax + 1);
        }

        AssertFails(path, DiagnosticCode.FileTooLarge);
    }

    [Fact]
    public void An_endless_file_is_reported() => AssertFails("/dev/zero", DiagnosticCode.FileTooLarge);

    [Fact]
    public void A_byte_order_mark_is_skipped_and_columns_do_not_count_it()
    {
        File.WriteAllText(_directory.File("mark.json"), "{ \"Idle\": 7 }", new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        LoadResult result = ConfigurationLoader.LoadFile(_directory.File("mark.json"), new LoadOptions());
        Diagnostic found = Texts.Single(result, DiagnosticCode.ChoiceInvalid);
        Assert.Equal((1, 11), (found.Location.Line, found.Location.Column));
    }

    [Fact]
    public void Utf16_is_named()
    {
        File.WriteAllText(_directory.File("wide.json"), Texts.Home, Encoding.Unicode);
        Diagnostic found = AssertFails(_directory.File("wide.json"), DiagnosticCode.EncodingInvalid);
        Assert.Contains("UTF-16", found.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Invalid_utf8_is_located()
    {
        byte[] text = [.. "{\n  \"Idle\": \""u8, 0xC3, 0x28, .. "\" }"u8];
        Diagnostic found = Texts.Single(ConfigurationLoader.Load("c.json", text, new LoadOptions()), DiagnosticCode.EncodingInvalid);
        Assert.Equal((2, 12), (found.Location.Line, found.Location.Column));
    }

    [Fact]
    public void Deep_nesting_is_a_syntax_error_and_not_a_stack_overflow()
    {
        string text = string.Concat(Enumerable.Repeat("{\"a\":", 100_000));
        Assert.Contains(Texts.Load(text).Diagnostics, item => item.Code == DiagnosticCode.SyntaxError);
    }

    private static Diagnostic AssertFails(string path, DiagnosticCode code)
    {
        LoadResult result = ConfigurationLoader.LoadFile(path, new LoadOptions());
        Assert.Null(result.Configuration);
        return Texts.Single(result, code);
    }
}
