using System;
using System.Linq;
using System.Text;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Dataplane.Control.Tests;

/// <summary>Whatever a file holds, loading returns: a configuration, or located errors.</summary>
public class MutationTests
{
    private const string Alphabet = "{}[],:\"\\/*-.0123456789abcdtrue\n\u0000é";

    [Fact]
    public void A_text_cut_anywhere_is_refused_with_a_place()
    {
        byte[] text = Encoding.UTF8.GetBytes(Texts.Home);
        for (int length = 0; length < text.Length - 1; length++)
        {
            LoadResult result = ConfigurationLoader.Load("c.json", text[..length], new LoadOptions());
            Assert.Null(result.Configuration);
            AssertLocated(result);
        }
    }

    [Fact]
    public void A_mutated_text_never_throws_and_is_accepted_or_refused_with_places()
    {
        Gen<(int At, int Kind, int Value)> edit = Gen.Choose(0, Texts.Home.Length - 1).SelectMany(
            at => Gen.Choose(0, 3).SelectMany(kind => Gen.Choose(0, 255).Select(value => (at, kind, value))));
        Prop.ForAll(edit.ListOf().ToArbitrary(), edits => AssertSound(edits.Take(8).Aggregate(Encoding.UTF8.GetBytes(Texts.Home), Mutate)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }

    [Fact]
    public void Random_bytes_never_throw() =>
        Prop.ForAll<byte[]>(AssertSound).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void Any_text_in_any_value_never_throws()
    {
        string[] values = ["\"af_xdp:eth0\"", "\"10.0.0.1/16\"", "\"203.0.113.0/28\"", "\"pool:cgn1\"", "\"drop\"", "\"1\"", "\"lan\""];
        Prop.ForAll<string, byte>((text, which) =>
        {
            string json = System.Text.Json.JsonSerializer.Serialize(text ?? "");
            AssertSound(Encoding.UTF8.GetBytes(Texts.Home.Replace(values[which % values.Length], json, StringComparison.Ordinal)));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    private static byte[] Mutate(byte[] text, (int At, int Kind, int Value) edit)
    {
        int at = Math.Min(edit.At, Math.Max(text.Length - 1, 0));
        return edit.Kind switch
        {
            0 => text[..at],
            1 => [.. text[..at], (byte)edit.Value, .. text[at..]],
            2 when text.Length > 0 => [.. text[..at], .. text[(at + 1)..]],
            _ => [.. text[..at], .. Replacement(edit.Value), .. text[Math.Min(at + 1, text.Length)..]],
        };
    }

    private static byte[] Replacement(int value) => Encoding.UTF8.GetBytes([Alphabet[value % Alphabet.Length]]);

    private static void AssertSound(byte[] text)
    {
        LoadResult result = ConfigurationLoader.Load("c.json", text, new LoadOptions());
        Assert.Equal(result.Configuration is null, result.Errors > 0);
        AssertLocated(result);
        Assert.DoesNotContain('\u0000', DiagnosticFormat.ToText("c.json", result.Diagnostics));
        _ = System.Text.Json.JsonDocument.Parse(DiagnosticFormat.ToJson("c.json", result.Diagnostics));
    }

    private static void AssertLocated(LoadResult result) => Assert.All(result.Diagnostics, item =>
    {
        // Only what concerns the whole file has no line.
        bool whole = item.Code is DiagnosticCode.FileEmpty or DiagnosticCode.FilterMissing or DiagnosticCode.ForwardingUntranslated
            || (item.Code == DiagnosticCode.KeyMissing && item.Path is "Cores" or "Ports");
        Assert.Equal("c.json", item.Location.Origin);
        Assert.True(whole || (item.Location.Line >= 1 && item.Location.Column >= 1), item.ToString());
        Assert.DoesNotContain('\n', item.Message);
    });
}
