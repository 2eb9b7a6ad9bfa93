using System;
using System.Linq;
using System.Text;
using System.Text.Json;
using Dataplane.Conntrack;
using Dataplane.Control.Client;
using Dataplane.Control.Socket;
using Xunit;

namespace Dataplane.Control.Tests;

/// <summary>Requests that change something: what reaches the table, what comes back, and what is refused before.</summary>
public class SettingRequestTests
{
    private const string TooLongName = "aaaaaaaaaabbbbbbbbbbccccccccccdd";

    /// <summary>Requests with a mistake of their own, and the code of the answer.</summary>
    public static TheoryData<string, string> Mistakes => new()
    {
        { """{"verb":"set"}""", "bad_request" },
        { """{"verb":"set","max":1}""", "bad_request" },
        { """{"verb":"set","what":"limits","max":1}""", "not_found" },
        { """{"verb":"set","what":7,"max":1}""", "not_found" },
        { """{"verb":"set","what":"limit"}""", "bad_request" },
        { """{"verb":"set","what":"limit","zone":"cust"}""", "bad_request" },
        { """{"verb":"set","what":"table"}""", "bad_request" },
        { """{"verb":"set","what":"limit","max":5,"buckets":5}""", "bad_request" },
        { """{"verb":"set","what":"limit","max":5,"force":true}""", "bad_request" },
        { """{"verb":"set","what":"table","buckets":5,"max":5}""", "bad_request" },
        { """{"verb":"set","what":"table","buckets":5,"zone":"cust"}""", "bad_request" },
        { """{"verb":"show","what":"limits","zone":"cust"}""", "bad_request" },
        { """{"verb":"show","what":"limits","max":1}""", "bad_request" },

        // Twice, also where both say the same, and where one is written with an escape.
        { """{"verb":"set","what":"limit","max":5,"max":5}""", "bad_request" },
        { """{"verb":"set","what":"limit","max":5,"m\u0061x":6}""", "bad_request" },
        { """{"verb":"set","what":"limit","zone":"a","zone":"b","max":5}""", "bad_request" },
        { """{"verb":"show","verb":"set","what":"limit","max":5}""", "bad_request" },
        { """{"verb":"set","what":"table","what":"limit","max":5}""", "bad_request" },
        { """{"verb":"show","what":"ports","what":"ports"}""", "bad_request" },

        // Values of another type or outside the bounds.
        { """{"verb":"set","what":"limit","max":0}""", "value_invalid" },
        { """{"verb":"set","what":"limit","max":-1}""", "value_invalid" },
        { """{"verb":"set","what":"limit","max":1.5}""", "value_invalid" },
        { """{"verb":"set","what":"limit","max":1e3}""", "value_invalid" },
        { """{"verb":"set","what":"limit","max":"5"}""", "value_invalid" },
        { """{"verb":"set","what":"limit","max":true}""", "value_invalid" },
        { """{"verb":"set","what":"limit","max":[5]}""", "value_invalid" },
        { """{"verb":"set","what":"limit","max":{"max":5}}""", "value_invalid" },
        { """{"verb":"set","what":"limit","max":null}""", "value_invalid" },
        { """{"verb":"set","what":"limit","max":2147483648}""", "value_invalid" },
        { """{"verb":"set","what":"limit","max":9223372036854775808}""", "value_invalid" },
        { """{"verb":"set","what":"limit","max":99999999999999999999999999999999999999999}""", "value_invalid" },
        { """{"verb":"set","what":"limit","zone":"cust","max":-5}""", "value_invalid" },
        { """{"verb":"set","what":"limit","zone":"cust","max":2147483648}""", "value_invalid" },
        { """{"verb":"set","what":"limit","zone":null,"max":5}""", "value_invalid" },
        { """{"verb":"set","what":"limit","zone":7,"max":5}""", "value_invalid" },
        { """{"verb":"set","what":"limit","zone":["cust"],"max":5}""", "value_invalid" },
        { """{"verb":"set","what":"table","buckets":0}""", "value_invalid" },
        { """{"verb":"set","what":"table","buckets":null}""", "value_invalid" },
        { """{"verb":"set","what":"table","buckets":1073741825}""", "value_invalid" },
        { """{"verb":"set","what":"table","buckets":-9223372036854775808}""", "value_invalid" },

        { """{"verb":"set","what":"timeout"}""", "bad_request" },
        { """{"verb":"set","what":"timeout","seconds":5}""", "bad_request" },
        { """{"verb":"set","what":"timeout","state":"UdpStream"}""", "bad_request" },
        { """{"verb":"set","what":"timeout","state":"UdpStream","seconds":5,"zone":"cust"}""", "bad_request" },
        { """{"verb":"set","what":"limit","max":5,"policy":"dns"}""", "bad_request" },
        { """{"verb":"set","what":"timeout","state":"UdpStream","state":"UdpStream","seconds":5}""", "bad_request" },
        { """{"verb":"set","what":"timeout","state":"Udp","seconds":5}""", "state_unknown" },
        { """{"verb":"set","what":"timeout","state":"None","seconds":5}""", "state_unknown" },
        { """{"verb":"set","what":"timeout","state":"","seconds":5}""", "state_unknown" },
        { """{"verb":"set","what":"timeout","state":18,"seconds":5}""", "state_unknown" },
        { """{"verb":"set","what":"timeout","state":null,"seconds":5}""", "state_unknown" },
        { "{\"verb\":\"set\",\"what\":\"timeout\",\"seconds\":5,\"state\":\"" + new string('U', 5000) + "\"}", "state_unknown" },
        { """{"verb":"set","what":"timeout","state":"UdpStream","seconds":0}""", "value_invalid" },
        { """{"verb":"set","what":"timeout","state":"UdpStream","seconds":31536001}""", "value_invalid" },
        { """{"verb":"set","what":"timeout","state":"UdpStream","seconds":4294967297}""", "value_invalid" },
        { """{"verb":"set","what":"timeout","state":"UdpStream","seconds":null}""", "value_invalid" },
        { """{"verb":"set","what":"timeout","state":"UdpStream","seconds":"5s"}""", "value_invalid" },
        { """{"verb":"set","what":"timeout","state":"UdpStream","seconds":5,"policy":null}""", "value_invalid" },
        { """{"verb":"set","what":"timeout","state":"UdpStream","seconds":5,"policy":7}""", "value_invalid" },
        { """{"verb":"set","what":"timeout","state":"UdpStream","seconds":5,"policy":""}""", "policy_unknown" },
        { "{\"verb\":\"set\",\"what\":\"timeout\",\"state\":\"UdpStream\",\"seconds\":5,\"policy\":\"" + TooLongName + "\"}", "policy_unknown" },

        // Names that no zone can have, 32 bytes of ASCII or of UTF-8, plain or escaped, and one beyond every buffer.
        { "{\"verb\":\"set\",\"what\":\"limit\",\"zone\":\"" + TooLongName + "\",\"max\":5}", "zone_unknown" },
        { "{\"verb\":\"set\",\"what\":\"limit\",\"zone\":\"" + Escaped(TooLongName) + "\",\"max\":5}", "zone_unknown" },
        { "{\"verb\":\"set\",\"what\":\"limit\",\"zone\":\"åäöåäöåäöåäöåäöå\",\"max\":5}", "zone_unknown" },
        { "{\"verb\":\"set\",\"what\":\"limit\",\"zone\":\"" + new string('z', 5000) + "\",\"max\":5}", "zone_unknown" },

        // Half of a surrogate pair, in a name, a key and a word.
        { """{"verb":"set","what":"limit","zone":"\ud800","max":5}""", "bad_request" },
        { """{"verb":"set","what":"limit","\udc00":"a","max":5}""", "bad_request" },
        { """{"verb":"s\ud800t","what":"limit","max":5}""", "bad_request" },
        { """{"verb":"set","what":"limit","max":5}{"verb":"set"}""", "bad_request" },
        { """{"verb":"set","what":"limit","max":5""", "bad_request" },
        { """{"verb":"set","what":"limit","max":+5}""", "bad_request" },
        { """{"verb":"set","what":"limit","max":05}""", "bad_request" },
        { """{"verb":"set","what":"limit","max":NaN}""", "bad_request" },
    };

    /// <summary>Every way in which the table can refuse.</summary>
    public static TheoryData<SettingResult> Refusals => [.. Enum.GetValues<SettingResult>().Where(result => result != SettingResult.Done)];

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_change_that_cannot_be_meant_reaches_no_table_and_is_answered_with_a_reason(string request, string code)
    {
        ScriptedSettings table = new(SettingOutcome.Done(1, 2));
        using ServerFixture server = new(new NumberSource(1), settings: table);
        JsonElement reply = Single(server, request);
        Assert.False(reply.GetProperty("ok").GetBoolean());
        Assert.Equal(code, reply.GetProperty("code").GetString());
        Assert.NotEmpty(reply.GetProperty("error").GetString()!);
        Assert.Equal(0, table.Calls);
        Assert.Equal((0, 1), (server.Server.Counters.Served, server.Server.Counters.Rejected));
    }

    [Fact]
    public void The_tables_limit_is_set_and_answered_with_the_old_and_the_new_one()
    {
        ScriptedSettings table = new(SettingOutcome.Done(1_000_000, 500_000));
        using ServerFixture server = new(new NumberSource(1), settings: table);
        string line = Assert.Single(server.Exchange("""{"max":500000,"what":"limit","verb":"set"}"""));
        Assert.Equal("""{"ok":true,"what":"limit","zone":null,"before":1000000,"after":500000}""", line);
        Assert.Equal((1, RequestKind.SetEntriesMax, 500_000L), (table.Calls, table.Asked, table.Value));
        Assert.Equal((1, 0), (server.Server.Counters.Served, server.Server.Counters.Rejected));
    }

    [Theory]
    [InlineData("cust", "cust")]
    [InlineData("c\\u0075s\\u0074", "cust")]
    [InlineData("", "")]
    [InlineData("\\u0000\\n", "\0\n")]
    [InlineData("å€\\ud834\\udd1e", "å€𝄞")]
    [InlineData("aaaaaaaaaabbbbbbbbbbccccccccccd", "aaaaaaaaaabbbbbbbbbbccccccccccd")]
    public void A_zones_name_arrives_as_utf_8_with_its_escapes_resolved(string written, string name)
    {
        ScriptedSettings table = new(SettingOutcome.Done(null, 7));
        using ServerFixture server = new(new NumberSource(1), settings: table);
        JsonElement reply = Single(server, "{\"verb\":\"set\",\"what\":\"limit\",\"zone\":\"" + written + "\",\"max\":7}");
        Assert.Equal((true, name), (reply.GetProperty("ok").GetBoolean(), reply.GetProperty("zone").GetString()));
        Assert.Equal((JsonValueKind.Null, 7), (reply.GetProperty("before").ValueKind, reply.GetProperty("after").GetInt64()));
        Assert.Equal((RequestKind.SetZoneMax, 7L, name), (table.Asked, table.Value, Encoding.UTF8.GetString(table.Name)));
    }

    [Theory]
    [InlineData(0xFF)]
    [InlineData(0xC3)]
    [InlineData(0x80)]
    public void A_name_that_is_no_utf_8_is_refused(byte wrong)
    {
        ScriptedSettings table = new(SettingOutcome.Done(1, 2));
        using ServerFixture server = new(new NumberSource(1), settings: table);
        byte[] request = [.. "{\"verb\":\"set\",\"what\":\"limit\",\"max\":5,\"zone\":\"a"u8, wrong, .. "\"}"u8];
        Assert.Contains("bad_request", Assert.Single(server.Exchange(request)), StringComparison.Ordinal);
        Assert.Equal(0, table.Calls);
    }

    [Fact]
    public void A_zones_limit_can_be_taken_away()
    {
        ScriptedSettings table = new(SettingOutcome.Done(7, null));
        using ServerFixture server = new(new NumberSource(1), settings: table);
        string line = Assert.Single(server.Exchange("""{"verb":"set","what":"limit","zone":"cust","max":null}"""));
        Assert.Equal("""{"ok":true,"what":"limit","zone":"cust","before":7,"after":null}""", line);
        Assert.Equal((1, RequestKind.SetZoneMax, (long?)null), (table.Calls, table.Asked, table.Value));
    }

    [Fact]
    public void Buckets_are_set_and_answered_with_the_old_and_the_new_number()
    {
        ScriptedSettings table = new(SettingOutcome.Done(256, 1L << 30));
        using ServerFixture server = new(new NumberSource(1), settings: table);
        string line = Assert.Single(server.Exchange("""{"verb":"set","what":"table","buckets":1073741824}"""));
        Assert.Equal("""{"ok":true,"what":"table","before":256,"after":1073741824}""", line);
        Assert.Equal((1, RequestKind.SetBuckets, 1L << 30), (table.Calls, table.Asked, table.Value));
    }

    [Theory]
    [InlineData("UdpStream", "", ConnectionState.UdpStream, "null")]
    [InlineData("tcpestablished", "", ConnectionState.TcpEstablished, "null")]
    [InlineData("\\u0055dpStream", ",\"policy\":\"dns\"", ConnectionState.UdpStream, "\"dns\"")]
    [InlineData("DccpOpen", ",\"policy\":\"d\\u006es\"", ConnectionState.DccpOpen, "\"dns\"")]
    public void A_timeout_is_set_and_answered_with_the_old_and_the_new_seconds(string written, string policy, ConnectionState state, string answered)
    {
        ScriptedSettings table = new(SettingOutcome.Done(300, 31_536_000));
        using ServerFixture server = new(new NumberSource(1), settings: table);
        string line = Assert.Single(server.Exchange(
            "{\"seconds\":31536000,\"state\":\"" + written + "\"" + policy + ",\"what\":\"timeout\",\"verb\":\"set\"}"));
        Assert.Equal(
            "{\"ok\":true,\"what\":\"timeout\",\"policy\":" + answered + ",\"state\":\"" + state + "\",\"before\":300,\"after\":31536000}", line);
        Assert.Equal((1, RequestKind.SetTimeout, 31_536_000L, state), (table.Calls, table.Asked, table.Value, table.State));
        Assert.Equal(policy.Length > 0 ? "dns" : "", Encoding.UTF8.GetString(table.Name));
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public void What_the_table_refuses_has_a_code_a_reason_and_the_bound_if_it_is_known(SettingResult why)
    {
        ScriptedSettings table = new(SettingOutcome.Refused(why, long.MaxValue));
        using ServerFixture server = new(new NumberSource(1), settings: table);
        foreach (string request in new[]
        {
            """{"verb":"set","what":"limit","max":1}""",
            """{"verb":"set","what":"limit","zone":"a","max":2147483647}""",
            """{"verb":"set","what":"table","buckets":1}""",
            """{"verb":"set","what":"timeout","state":"UdpStream","seconds":1}""",
        })
        {
            table.Outcome = SettingOutcome.Refused(why, long.MaxValue);
            JsonElement bounded = Single(server, request);
            table.Outcome = SettingOutcome.Refused(why);
            JsonElement bare = Single(server, request);
            Assert.False(bare.GetProperty("ok").GetBoolean());
            Assert.Equal(["ok", "code", "error"], bare.EnumerateObject().Select(field => field.Name));
            Assert.Equal(SnakeCase(why.ToString()), bare.GetProperty("code").GetString());
            Assert.Equal(bare.GetProperty("code").GetString(), bounded.GetProperty("code").GetString());
            Assert.Equal($"{bare.GetProperty("error")}; nearest: 9223372036854775807", bounded.GetProperty("error").GetString());
            Assert.Equal(long.MaxValue, bounded.GetProperty("bound").GetInt64());
        }

        Assert.Equal((0, 8), (server.Server.Counters.Served, server.Server.Counters.Rejected));
    }

    [Fact]
    public void Too_few_places_are_said_differently_of_a_limit_and_of_buckets()
    {
        using ServerFixture server = new(new NumberSource(1), settings: new ScriptedSettings(SettingOutcome.Refused(SettingResult.AbovePlaces, 64)));
        string limit = Single(server, """{"verb":"set","what":"limit","max":100}""").GetProperty("error").GetString()!;
        string table = Single(server, """{"verb":"set","what":"table","buckets":1}""").GetProperty("error").GetString()!;
        Assert.Equal("more entries than the buckets have places for: resize the table first; nearest: 64", limit);
        Assert.Equal("too few buckets for the table's limit; nearest: 64", table);
    }

    [Fact]
    public void A_refusal_has_a_reason() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => SettingOutcome.Refused(SettingResult.Done));

    [Fact]
    public void A_router_without_settings_shows_and_changes_nothing()
    {
        using ServerFixture server = new(new NumberSource(2));
        JsonElement reply = Single(server, """{"verb":"set","what":"limit","max":5}""");
        Assert.Equal("not_supported", reply.GetProperty("code").GetString());
        Assert.Equal(3, server.Exchange("""{"verb":"show","what":"limits"}""").Count);
        Assert.Equal(3, server.Exchange("""{"verb":"show","what":"table"}""").Count);
    }

    [Fact]
    public void Changes_and_dumps_on_one_connection_are_answered_in_order()
    {
        using ServerFixture server = new(new NumberSource(2), settings: new ScriptedSettings(SettingOutcome.Done(1, 2)));
        Assert.Equal(
            ["limit", "limits", null, null, "table", null],
            server.Exchange(
                "{\"verb\":\"set\",\"what\":\"limit\",\"max\":5}\n{\"verb\":\"show\",\"what\":\"limits\"}\n"
                + "{\"verb\":\"set\",\"what\":\"table\",\"buckets\":5}\n{\"verb\":\"set\"}\n")
            .Select(line => JsonDocument.Parse(line).RootElement.TryGetProperty("what", out JsonElement what) ? what.GetString() : null));
    }

    [Fact]
    public void The_client_returns_the_change_or_the_kind_of_refusal()
    {
        ScriptedSettings table = new(SettingOutcome.Done(null, 9));
        using ServerFixture server = new(new NumberSource(1), settings: table);
        using ControlClient client = ControlClient.Connect(server.Path);
        SettingChange change = client.SetZoneMax("smörgås", 9);
        Assert.Equal((null, 9L), (change.Before, change.After));
        Assert.Equal("smörgås", JsonDocument.Parse(change.Json).RootElement.GetProperty("zone").GetString());
        foreach ((SettingResult why, ControlFailure failure) in new[]
        {
            (SettingResult.ZoneUnknown, ControlFailure.NotFound), (SettingResult.PolicyUnknown, ControlFailure.NotFound),
            (SettingResult.AboveCapacity, ControlFailure.Rejected),
            (SettingResult.AbovePlaces, ControlFailure.Rejected), (SettingResult.ValueInvalid, ControlFailure.Rejected),
            (SettingResult.ResizeRunning, ControlFailure.Refused), (SettingResult.OutOfMemory, ControlFailure.Refused),
            (SettingResult.NotNow, ControlFailure.Refused),
        })
        {
            table.Outcome = SettingOutcome.Refused(why, 3);
            ControlClientException refusal = Assert.Throws<ControlClientException>(() => client.SetBuckets(4));
            Assert.Equal(failure, refusal.Failure);
            Assert.EndsWith("nearest: 3", refusal.Message, StringComparison.Ordinal);
        }

        Assert.Equal(
            ControlFailure.NotFound, Assert.Throws<ControlClientException>(() => client.SetTimeout(null, "Udp", 4)).Failure);
        table.Outcome = SettingOutcome.Done(5, 6);
        Assert.Equal(6, client.SetTimeout("dns", "udpstream", 6).After);
        Assert.Equal("dns", Encoding.UTF8.GetString(table.Name));
        Assert.Equal((5L, 6L), (client.SetEntriesMax(6).Before, client.SetEntriesMax(6).After));
    }

    private static JsonElement Single(ServerFixture server, string request) =>
        JsonDocument.Parse(Assert.Single(server.Exchange(request))).RootElement;

    private static string Escaped(string text) => string.Concat(text.Select(letter => $"\\u{(int)letter:x4}"));

    private static string SnakeCase(string name) =>
        string.Concat(name.Select((letter, index) => (index > 0 && char.IsUpper(letter) ? "_" : "") + char.ToLowerInvariant(letter)));
}
