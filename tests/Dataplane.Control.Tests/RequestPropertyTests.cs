using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using Dataplane.Conntrack;
using Dataplane.Control.Socket;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Dataplane.Control.Tests;

/// <summary>The request parser against a naive reading of the same line, and against bytes that are no request.</summary>
public class RequestPropertyTests
{
    private static readonly string[] s_requests =
    [
        """{"verb":"show","what":"conntrack"}""",
        """{"verb":"set","what":"limit","max":500000}""",
        """{"verb":"set","what":"limit","zone":"cust","max":7}""",
        """{"zone":"c\u0075st","max":null,"verb":"set","what":"limit"}""",
        """{"verb":"set","what":"table","buckets":4096}""",
        """{"verb":"set","what":"timeout","state":"UdpStream","seconds":10}""",
        """{"policy":"dns","verb":"set","what":"timeout","state":"udpStream","seconds":10}""",
    ];

    private static readonly string[] s_names = ["verb", "what", "zone", "max", "buckets", "policy", "state", "seconds", "v\\u0065rb", "m\\u0061x", "extra", "", "Max"];

    private static readonly string[] s_values =
    [
        "\"show\"", "\"set\"", "\"s\\u0065t\"", "\"limit\"", "\"limits\"", "\"table\"", "\"timeout\"",
        "\"TCPESTABLISHED\"", "\"Udp\"", "31536000", "31536001", "\"ports\"", "\"cust\"", "\"å\\ud834\\udd1e\"",
        "\"\"", $"\"{new string('z', 31)}\"", $"\"{new string('z', 32)}\"", $"\"{new string('z', 187)}\"", "\"ååååååååååååååå\"",
        "\"åååååååååååååååå\"",
        "null", "true", "0", "1", "-1", "1.0", "1e2", "1073741824", "1073741825", "2147483647", "2147483648",
        "9223372036854775807", "9223372036854775808", "-9223372036854775809", "[1,[2]]", "{\"max\":5}",
    ];

    private static Dictionary<string, ShowTopic> Topics { get; } =
        Enum.GetValues<ShowTopic>().ToDictionary(topic => topic.ToString().ToLowerInvariant());

    private readonly record struct Meaning(RequestError Error, RequestKind Kind, ShowTopic Topic, string Name, long? Value)
    {
        internal ConnectionState State { get; init; }
    }

    [Fact]
    public void Fields_in_any_order_number_and_form_mean_what_a_naive_reader_says()
    {
        Gen<string> field = Gen.Elements(s_names).SelectMany(name => Gen.Elements(s_values).Select(value => $"\"{name}\":{value}"));

        // Mostly a good request with a few fields more, so that what lies behind the first check is reached.
        Gen<string> good = Gen.Elements(s_requests).Select(request => request[1..^1]);
        Gen<List<string>> fields = Gen.Frequency(
            (3, good.SelectMany(request => field.ListOf().Select(more => (List<string>)[.. request.Split(','), .. more.Take(2)]))),
            (1, field.ListOf().Select(more => (List<string>)[.. more])));
        Gen<string> lines = fields.SelectMany(list => Gen.Shuffle(list.ToArray())).Select(list => "{" + string.Join(',', list) + "}");
        Prop.ForAll(lines.ToArbitrary(), line => Assert.Equal(Naive(line), Parsed(Encoding.UTF8.GetBytes(line))))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(5000));
    }

    [Fact]
    public void Each_value_in_each_field_means_what_a_naive_reader_says()
    {
        foreach (string request in s_requests)
        {
            string[] fields = request[1..^1].Split(',');
            for (int changed = 0; changed < fields.Length; changed++)
            {
                foreach (string value in s_values)
                {
                    string name = fields[changed].Split(':')[0];
                    string line = "{" + string.Join(',', fields.Select((field, index) => index == changed ? $"{name}:{value}" : field)) + "}";
                    Assert.Equal(Naive(line), Parsed(Encoding.UTF8.GetBytes(line)));
                }
            }
        }
    }

    [Fact]
    public void A_mutated_request_never_throws_and_what_is_accepted_is_within_its_bounds()
    {
        Gen<(int Which, int At, int Kind, int Value)> edit = Gen.Choose(0, s_requests.Length - 1).SelectMany(
            which => Gen.Choose(0, s_requests[which].Length - 1).SelectMany(
                at => Gen.Choose(0, 2).SelectMany(kind => Gen.Choose(0, 255).Select(value => (which, at, kind, value)))));
        Prop.ForAll(edit.ToArbitrary(), change => AssertSound(Mutate(Encoding.UTF8.GetBytes(s_requests[change.Which]), change)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(5000));
    }

    [Fact]
    public void Random_bytes_are_refused_or_sound() =>
        Prop.ForAll<byte[]>(AssertSound).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void A_request_cut_anywhere_is_refused() => Assert.All(s_requests, request =>
    {
        for (int length = 0; length < request.Length; length++)
        {
            Assert.Equal(RequestError.NotJson, Parsed(Encoding.UTF8.GetBytes(request[..length])).Error);
        }
    });

    private static byte[] Mutate(byte[] text, (int Which, int At, int Kind, int Value) edit) => edit.Kind switch
    {
        0 => [.. text[..edit.At], (byte)edit.Value, .. text[edit.At..]],
        1 => [.. text[..edit.At], .. text[(edit.At + 1)..]],
        _ => [.. text[..edit.At], (byte)edit.Value, .. text[(edit.At + 1)..]],
    };

    private static void AssertSound(byte[] line)
    {
        Meaning meaning = Parsed(line);
        if (meaning.Error != RequestError.None)
        {
            Assert.NotEmpty(Replies.For(meaning.Error).ToArray());
            return;
        }

        Assert.True(meaning.Kind != RequestKind.SetTimeout || (meaning.State != ConnectionState.None && meaning.Value <= 31_536_000));
        Assert.True(meaning.Kind == RequestKind.Show || meaning.Value is >= 1 and <= int.MaxValue
            || (meaning.Kind == RequestKind.SetZoneMax && meaning.Value is null));
        Assert.True(Encoding.UTF8.GetByteCount(meaning.Name) <= ControlLimits.ZoneNameBytesMax);
    }

    private static Meaning Parsed(byte[] line)
    {
        ControlRequest request = ControlRequest.Parse(line, new byte[ControlRequest.ScratchBytes]);
        return request.Error != RequestError.None
            ? Failed(request.Error)
            : new Meaning(RequestError.None, request.Kind, request.Topic, Encoding.UTF8.GetString(request.Name), request.Value)
            {
                State = request.State,
            };
    }

    private static Meaning Failed(RequestError error) => new(error, default, default, "", null);

    /// <summary>The meaning of a line that is a JSON object, by its rules written down one after the other.</summary>
    private static Meaning Naive(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        JsonProperty[] fields = [.. document.RootElement.EnumerateObject()];
        string[] known = ["verb", "what", "zone", "max", "buckets", "policy", "state", "seconds"];
        Dictionary<string, JsonElement> by = fields.DistinctBy(field => field.Name).ToDictionary(field => field.Name, field => field.Value);
        if (!by.TryGetValue("verb", out JsonElement verb))
        {
            return Failed(RequestError.VerbMissing);
        }

        if (known.Any(name => fields.Count(field => field.Name == name) > 1))
        {
            return Failed(RequestError.FieldTwice);
        }

        bool hasWhat = by.TryGetValue("what", out JsonElement what);
        return Text(verb) switch
        {
            "show" when !hasWhat => Failed(RequestError.TopicMissing),
            "show" when !Topics.ContainsKey(Text(what) ?? "") => Failed(RequestError.TopicUnknown),
            "show" when by.Count > 2 => Failed(RequestError.FieldUnknown),
            "show" => new Meaning(RequestError.None, RequestKind.Show, Topics[Text(what)!], "", null),
            "set" when !hasWhat => Failed(RequestError.SettingMissing),
            "set" when Text(what) == "limit" => NaiveLimit(by),
            "set" when Text(what) == "table" => NaiveTable(by),
            "set" when Text(what) == "timeout" => NaiveTimeout(by),
            "set" => Failed(RequestError.SettingUnknown),
            _ => Failed(RequestError.VerbUnknown),
        };
    }

    private static Meaning NaiveLimit(Dictionary<string, JsonElement> by)
    {
        bool ofZone = by.TryGetValue("zone", out JsonElement zone);
        if (by.Keys.Except(["verb", "what", "zone", "max"]).Any())
        {
            return Failed(RequestError.SettingFieldUnknown);
        }

        if (!by.TryGetValue("max", out JsonElement max))
        {
            return Failed(RequestError.MaxMissing);
        }

        long? value = Number(max, int.MaxValue);
        bool isValue = value is not null || (ofZone && max.ValueKind == JsonValueKind.Null);
        return (isValue, ofZone, Text(zone)) switch
        {
            (false, _, _) => Failed(RequestError.MaxInvalid),
            (_, false, _) => new Meaning(RequestError.None, RequestKind.SetEntriesMax, default, "", value),
            (_, _, null) => Failed(RequestError.ZoneInvalid),
            (_, _, { } name) when Encoding.UTF8.GetByteCount(name) > 31 => Failed(RequestError.ZoneUnknown),
            (_, _, { } name) => new Meaning(RequestError.None, RequestKind.SetZoneMax, default, name, value),
        };
    }

    private static Meaning NaiveTable(Dictionary<string, JsonElement> by)
    {
        bool has = by.TryGetValue("buckets", out JsonElement buckets);
        bool others = by.Keys.Except(["verb", "what", "buckets"]).Any();
        return (others, has, Number(buckets, 1 << 30)) switch
        {
            (true, _, _) => Failed(RequestError.SettingFieldUnknown),
            (_, false, _) => Failed(RequestError.BucketsMissing),
            (_, _, null) => Failed(RequestError.BucketsInvalid),
            (_, _, { } value) => new Meaning(RequestError.None, RequestKind.SetBuckets, default, "", value),
        };
    }

    private static Meaning NaiveTimeout(Dictionary<string, JsonElement> by)
    {
        if (by.Keys.Except(["verb", "what", "policy", "state", "seconds"]).Any())
        {
            return Failed(RequestError.SettingFieldUnknown);
        }

        bool hasState = by.TryGetValue("state", out JsonElement state);
        bool hasSeconds = by.TryGetValue("seconds", out JsonElement seconds);
        if (!hasState || !hasSeconds)
        {
            return Failed(hasState ? RequestError.SecondsMissing : RequestError.StateMissing);
        }

        string[] names = [.. Enum.GetNames<ConnectionState>().Skip(1)];
        string? found = Array.Find(names, name => name.Equals(Text(state), StringComparison.OrdinalIgnoreCase));
        bool named = by.TryGetValue("policy", out JsonElement policy);
        return (found, Number(seconds, 31_536_000), named ? Text(policy) : "-") switch
        {
            (null, _, _) => Failed(RequestError.StateUnknown),
            (_, null, _) => Failed(RequestError.SecondsInvalid),
            (_, _, null) => Failed(RequestError.PolicyInvalid),
            (_, _, { } name) when named && (name.Length == 0 || Encoding.UTF8.GetByteCount(name) > 31) => Failed(RequestError.PolicyUnknown),
            (_, { } value, { } name) => new Meaning(RequestError.None, RequestKind.SetTimeout, default, named ? name : "", value)
            {
                State = Enum.Parse<ConnectionState>(found),
            },
        };
    }

    private static string? Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long? Number(JsonElement value, long max) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= 1 && number <= max ? number : null;
}
