using System;
using System.Text.Json;
using Dataplane.Conntrack;
using Dataplane.Control.Configuration;

namespace Dataplane.Control.Socket;

/// <summary>Collects the fields of one request, in whatever order they stand, and judges them when all are there.</summary>
internal ref struct RequestReader
{
    private Utf8JsonReader _json;
    private readonly Span<byte> _scratch;
    private Fields _seen;
    private bool _twice;
    private Verb _verb;
    private bool _topicKnown;
    private ShowTopic _topic;
    private Setting _setting;
    private NumberField _max;
    private NumberField _buckets;
    private NumberField _seconds;
    private NameField _zone;
    private NameField _policy;
    private ConnectionState _state;

    internal RequestReader(ReadOnlySpan<byte> line, Span<byte> scratch)
    {
        _json = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = 4 });
        _scratch = scratch;
    }

    [Flags]
    private enum Fields
    {
        Verb = 1,
        What = 2,
        Zone = 4,
        Max = 8,
        Buckets = 16,
        Policy = 32,
        State = 64,
        Seconds = 128,
        Strange = 256,
    }

    private enum Verb
    {
        Unknown,
        Show,
        Set,
    }

    private enum Setting
    {
        Unknown,
        Limit,
        Table,
        Timeout,
    }

    /// <exception cref="JsonException">Not JSON.</exception>
    /// <exception cref="InvalidOperationException">A text in it is not UTF-8, or escapes half of a surrogate pair.</exception>
    internal ControlRequest Read()
    {
        if (!_json.Read() || _json.TokenType != JsonTokenType.StartObject)
        {
            return ControlRequest.Failed(RequestError.NotJson);
        }

        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            ReadField();
        }

        // Reading on raises an error if anything follows the object.
        _json.Read();
        if ((_seen & Fields.Verb) == 0)
        {
            return ControlRequest.Failed(RequestError.VerbMissing);
        }

        return _verb switch
        {
            // Which of the two counts is a guess, and readers of JSON disagree: a change is not made on a guess.
            _ when _twice => ControlRequest.Failed(RequestError.FieldTwice),
            Verb.Show => JudgeShow(),
            Verb.Set => JudgeSet(),
            _ => ControlRequest.Failed(RequestError.VerbUnknown),
        };
    }

    private readonly ControlRequest JudgeShow() => this switch
    {
        _ when (_seen & Fields.What) == 0 => ControlRequest.Failed(RequestError.TopicMissing),
        { _topicKnown: false } => ControlRequest.Failed(RequestError.TopicUnknown),
        _ when (_seen & ~(Fields.Verb | Fields.What)) != 0 => ControlRequest.Failed(RequestError.FieldUnknown),
        _ => ControlRequest.Show(_topic),
    };

    private readonly ControlRequest JudgeSet() => _setting switch
    {
        _ when (_seen & Fields.What) == 0 => ControlRequest.Failed(RequestError.SettingMissing),
        Setting.Limit when HasOnly(Fields.Zone | Fields.Max) => JudgeLimit(),
        Setting.Table when HasOnly(Fields.Buckets) => JudgeTable(),
        Setting.Timeout when HasOnly(Fields.Policy | Fields.State | Fields.Seconds) => JudgeTimeout(),
        Setting.Unknown => ControlRequest.Failed(RequestError.SettingUnknown),
        _ => ControlRequest.Failed(RequestError.SettingFieldUnknown),
    };

    private readonly ControlRequest JudgeLimit()
    {
        if ((_seen & Fields.Max) == 0)
        {
            return ControlRequest.Failed(RequestError.MaxMissing);
        }

        bool ofZone = (_seen & Fields.Zone) != 0;
        bool unlimited = ofZone && _max.IsNull;
        if (!unlimited && !_max.IsWithin(ControlLimits.EntriesMax))
        {
            return ControlRequest.Failed(RequestError.MaxInvalid);
        }

        if (!ofZone)
        {
            return ControlRequest.SetEntriesMax(_max.Value);
        }

        return _zone.Kind switch
        {
            NameKind.Name => ControlRequest.SetZoneMax(_scratch[.._zone.Bytes], unlimited ? null : _max.Value),
            NameKind.TooLong => ControlRequest.Failed(RequestError.ZoneUnknown),
            _ => ControlRequest.Failed(RequestError.ZoneInvalid),
        };
    }

    private readonly ControlRequest JudgeTable() => this switch
    {
        _ when (_seen & Fields.Buckets) == 0 => ControlRequest.Failed(RequestError.BucketsMissing),
        _ when !_buckets.IsWithin(ControlLimits.BucketsMax) => ControlRequest.Failed(RequestError.BucketsInvalid),
        _ => ControlRequest.SetBuckets(_buckets.Value),
    };

    private readonly ControlRequest JudgeTimeout()
    {
        if ((_seen & Fields.State) == 0)
        {
            return ControlRequest.Failed(RequestError.StateMissing);
        }

        if ((_seen & Fields.Seconds) == 0)
        {
            return ControlRequest.Failed(RequestError.SecondsMissing);
        }

        if (_state == ConnectionState.None)
        {
            return ControlRequest.Failed(RequestError.StateUnknown);
        }

        if (!_seconds.IsWithin(ControlLimits.TimeoutSecondsMax))
        {
            return ControlRequest.Failed(RequestError.SecondsInvalid);
        }

        return _policy.Kind switch
        {
            _ when (_seen & Fields.Policy) == 0 => ControlRequest.SetTimeout(default, _state, _seconds.Value),

            // The empty name must not be taken for none, which means the default policy.
            NameKind.Name when _policy.Bytes > 0 =>
                ControlRequest.SetTimeout(_scratch.Slice(ControlRequest.NameScratchBytes, _policy.Bytes), _state, _seconds.Value),
            NameKind.Name or NameKind.TooLong => ControlRequest.Failed(RequestError.PolicyUnknown),
            _ => ControlRequest.Failed(RequestError.PolicyInvalid),
        };
    }

    private readonly bool HasOnly(Fields fields) => (_seen & ~(Fields.Verb | Fields.What | fields)) == 0;

    private void ReadField()
    {
        Fields field = Field();
        _twice |= field != Fields.Strange && (_seen & field) != 0;
        _seen |= field;
        _json.Read();
        switch (field)
        {
            case Fields.Verb:
                _verb = IsText("show"u8) ? Verb.Show : IsText("set"u8) ? Verb.Set : Verb.Unknown;
                break;
            case Fields.What:
                _topicKnown = TryTopic(out _topic);
                _setting = IsText("limit"u8) ? Setting.Limit
                    : IsText("table"u8) ? Setting.Table
                    : IsText("timeout"u8) ? Setting.Timeout
                    : Setting.Unknown;
                break;
            case Fields.Zone:
                _zone = ReadName(_scratch[..ControlRequest.NameScratchBytes]);
                break;
            case Fields.Policy:
                _policy = ReadName(_scratch[ControlRequest.NameScratchBytes..]);
                break;
            case Fields.State:
                _state = ReadState();
                break;
            case Fields.Seconds:
                _seconds = NumberField.Of(_json);
                break;
            case Fields.Max:
                _max = NumberField.Of(_json);
                break;
            case Fields.Buckets:
                _buckets = NumberField.Of(_json);
                break;
            default:
                break;
        }

        _json.Skip();
    }

    private readonly Fields Field() =>
        _json.ValueTextEquals("verb"u8) ? Fields.Verb
        : _json.ValueTextEquals("what"u8) ? Fields.What
        : _json.ValueTextEquals("zone"u8) ? Fields.Zone
        : _json.ValueTextEquals("max"u8) ? Fields.Max
        : _json.ValueTextEquals("buckets"u8) ? Fields.Buckets
        : _json.ValueTextEquals("policy"u8) ? Fields.Policy
        : _json.ValueTextEquals("state"u8) ? Fields.State
        : _json.ValueTextEquals("seconds"u8) ? Fields.Seconds
        : Fields.Strange;

    private readonly bool IsText(ReadOnlySpan<byte> word) => _json.TokenType == JsonTokenType.String && _json.ValueTextEquals(word);

    private readonly bool TryTopic(out ShowTopic topic)
    {
        for (topic = default; topic <= ShowTopics.Last; topic++)
        {
            if (IsText(ShowTopics.Name(topic)))
            {
                return true;
            }
        }

        topic = default;
        return false;
    }

    /// <param name="room">Takes the name; at least <see cref="ControlRequest.NameScratchBytes"/>.</param>
    private readonly NameField ReadName(Span<byte> room)
    {
        if (_json.TokenType != JsonTokenType.String)
        {
            return default;
        }

        if (_json.ValueSpan.Length > ControlRequest.NameScratchBytes)
        {
            // Too long for any name however it is escaped; and a copy that fits cannot fail for want of room.
            return new NameField(NameKind.TooLong, 0);
        }

        int bytes = _json.CopyString(room);
        return bytes > ControlLimits.ZoneNameBytesMax ? new NameField(NameKind.TooLong, 0) : new NameField(NameKind.Name, bytes);
    }

    private readonly ConnectionState ReadState()
    {
        Span<byte> room = stackalloc byte[ControlRequest.NameScratchBytes];
        NameField name = ReadName(room);
        return name.Kind == NameKind.Name && TimeoutStates.TryFind(room[..name.Bytes], out ConnectionState state)
            ? state
            : ConnectionState.None;
    }

    private enum NameKind
    {
        NoText,
        TooLong,
        Name,
    }

    /// <summary>A field that should hold the name of something.</summary>
    private readonly record struct NameField(NameKind Kind, int Bytes);

    /// <summary>A field that should hold a whole number.</summary>
    private readonly struct NumberField
    {
        internal bool IsNull { get; private init; }

        /// <summary>0 for anything but a whole number of 64 bits, which is outside every bound.</summary>
        internal long Value { get; private init; }

        internal static NumberField Of(in Utf8JsonReader json) => json.TokenType switch
        {
            JsonTokenType.Null => new NumberField { IsNull = true },
            JsonTokenType.Number when json.TryGetInt64(out long value) => new NumberField { Value = value },
            _ => default,
        };

        internal bool IsWithin(long max) => Value >= 1 && Value <= max;
    }
}
