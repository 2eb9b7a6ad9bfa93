using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Dataplane.Control.Diagnostics;

namespace Dataplane.Control.Reading;

/// <summary>Reads the file's text once, into keys with their values and places.</summary>
/// <remarks>
/// The stock JSON provider stops at the first problem and forgets where values stood; this pass keeps both. What was
/// read before a syntax error is returned, so that mistakes above it are reported in the same run.
/// </remarks>
internal ref struct JsonConfigurationReader
{
    private const int DepthMax = 16;

    private readonly LineMap _lines;
    private readonly DiagnosticBag _bag;
    private readonly List<JsonEntry> _entries;
    private readonly int _offset;
    private Utf8JsonReader _reader;

    private JsonConfigurationReader(byte[] text, int offset, LineMap lines, DiagnosticBag bag)
    {
        _lines = lines;
        _bag = bag;
        _entries = [];
        _offset = offset;
        _reader = new Utf8JsonReader(text.AsSpan(offset), new JsonReaderOptions
        {
            CommentHandling = JsonCommentHandling.Skip,
            AllowTrailingCommas = true,
            MaxDepth = DepthMax,
        });
    }

    private readonly SourceLocation Here => _lines.Locate(_offset + _reader.TokenStartIndex);

    /// <summary>All keys in the order of the file; false if the text breaks off at a syntax or encoding error.</summary>
    internal static bool Read(string origin, byte[] text, DiagnosticBag bag, out List<JsonEntry> entries)
    {
        entries = [];
        ReadOnlySpan<byte> mark = Encoding.UTF8.Preamble;
        int offset = text.AsSpan().StartsWith(mark) ? mark.Length : 0;
        LineMap lines = new(origin, text, offset);
        if (!CheckEncoding(text, lines, bag))
        {
            return false;
        }

        if (text.AsSpan(offset).Trim(" \t\r\n"u8).IsEmpty)
        {
            bag.Add(new Diagnostic(DiagnosticCode.FileEmpty, new SourceLocation(origin, 0, 0), "", null,
                "the file is empty", "the smallest configuration has Cores and one port under Ports"));
            return false;
        }

        JsonConfigurationReader reader = new(text, offset, lines, bag);
        entries = reader._entries;
        try
        {
            return reader.ReadRoot();
        }
        catch (JsonException exception)
        {
            int at = lines.OffsetOf(exception.LineNumber ?? 0, exception.BytePositionInLine ?? 0);
            bag.Add(new Diagnostic(DiagnosticCode.SyntaxError, lines.Locate(at), "", null, OneLine(exception.Message),
                "values below this place were not looked at"));
            return false;
        }
    }

    private static bool CheckEncoding(byte[] text, LineMap lines, DiagnosticBag bag)
    {
        if (Utf8.IsValid(text))
        {
            return true;
        }

        bool utf16 = text.Length >= 2 && ((text[0] == 0xFF && text[1] == 0xFE) || (text[0] == 0xFE && text[1] == 0xFF));
        int bad = 0;
        while (Rune.DecodeFromUtf8(text.AsSpan(bad), out _, out int used) == System.Buffers.OperationStatus.Done)
        {
            bad += used;
        }

        bag.Add(new Diagnostic(DiagnosticCode.EncodingInvalid, lines.Locate(bad), "", null,
            utf16 ? "the file is UTF-16" : "these bytes are not UTF-8", "save it as UTF-8"));
        return false;
    }

    private bool ReadRoot()
    {
        _reader.Read();
        if (_reader.TokenType != JsonTokenType.StartObject)
        {
            _bag.Add(new Diagnostic(DiagnosticCode.TypeWrong, Here, "", null,
                "the configuration must be an object, { ... }", null));
            return false;
        }

        ReadObject("");

        // Trailing text after the object is a syntax error that the reader raises here.
        _reader.Read();
        return true;
    }

    private void ReadObject(string parent)
    {
        HashSet<string> seen = new(StringComparer.OrdinalIgnoreCase);
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndObject)
        {
            SourceLocation keyAt = Here;
            string? name = Text();
            _reader.Read();
            if (name is null || !CheckKey(parent, name, keyAt, seen))
            {
                _reader.Skip();
                continue;
            }

            string inside = KeyPath.Escape(name);
            ReadValue(parent.Length == 0 ? inside : $"{parent}:{inside}", keyAt);
        }
    }

    private void ReadValue(string key, SourceLocation keyAt)
    {
        SourceLocation valueAt = Here;
        switch (_reader.TokenType)
        {
            case JsonTokenType.StartObject:
                _entries.Add(new JsonEntry(key, NodeKind.Section, null, keyAt, valueAt));
                ReadObject(key);
                break;
            case JsonTokenType.StartArray:
                _entries.Add(new JsonEntry(key, NodeKind.List, null, keyAt, valueAt));
                for (int index = 0; _reader.Read() && _reader.TokenType != JsonTokenType.EndArray; index++)
                {
                    ReadValue(string.Create(CultureInfo.InvariantCulture, $"{key}:{index}"), Here);
                }

                break;
            case JsonTokenType.Null:
                _entries.Add(new JsonEntry(key, NodeKind.Null, null, keyAt, valueAt));
                break;
            default:
                if (Text() is { } text)
                {
                    _entries.Add(new JsonEntry(key, NodeKind.Value, text, keyAt, valueAt));
                }

                break;
        }
    }

    /// <summary>The token's text, or null after reporting an escape that is no character (a lone surrogate).</summary>
    private readonly string? Text()
    {
        if (_reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName))
        {
            return Encoding.UTF8.GetString(_reader.ValueSpan);
        }

        try
        {
            return _reader.GetString();
        }
        catch (InvalidOperationException)
        {
            _bag.Add(new Diagnostic(DiagnosticCode.EncodingInvalid, Here, "", null,
                "the text holds a \\u escape that is half of a character", null));
            return null;
        }
    }

    private readonly bool CheckKey(string parent, string name, SourceLocation at, HashSet<string> seen)
    {
        string path = KeyPath.ToDisplay(parent.Length == 0 ? KeyPath.Escape(name) : $"{parent}:{KeyPath.Escape(name)}");
        string? problem = name switch
        {
            "" => "a key cannot be empty",
            _ when name.Contains(KeyPath.ColonInName, StringComparison.Ordinal) => "a key cannot hold control characters",
            _ when name.Contains(':', StringComparison.Ordinal) && !string.Equals(parent, "Routes", StringComparison.OrdinalIgnoreCase) =>
                "a key cannot hold ':', which separates levels; only the prefixes of IPv6 routes do",
            _ => null,
        };
        if (problem is not null)
        {
            _bag.Add(new Diagnostic(DiagnosticCode.KeyUnsupported, at, path, null, problem, null));
            return false;
        }

        if (!seen.Add(name))
        {
            _bag.Add(new Diagnostic(DiagnosticCode.KeyDuplicate, at, path, null,
                "written twice in this section; upper and lower case are the same", "keep one of the two"));
            return false;
        }

        return true;
    }

    /// <summary>The reader's message without the place it repeats at its end.</summary>
    private static string OneLine(string message)
    {
        int place = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return (place < 0 ? message : message[..place]).ReplaceLineEndings(" ").TrimEnd('.');
    }
}
