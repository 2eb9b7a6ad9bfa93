using System;
using System.Text.Json;

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
    private ZoneState _zoneState;
    private int _zoneBytes;

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
        Strange = 32,
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
    }

    private enum ZoneState
    {
        NoText,
        TooLong,
        Name,
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
        Setting.Limit when (_seen & (Fields.Buckets | Fields.Strange)) == 0 => JudgeLimit(),
        Setting.Table when (_seen & (Fields.Zone | Fields.Max | Fields.Strange)) == 0 => JudgeTable(),
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

        return _zoneState switch
        {
            ZoneState.Name => ControlRequest.SetZoneMax(_scratch[.._zoneBytes], unlimited ? null : _max.Value),
            ZoneState.TooLong => ControlRequest.Failed(RequestError.ZoneUnknown),
            _ => ControlRequest.Failed(RequestError.ZoneInvalid),
        };
    }

    private readonly ControlRequest JudgeTable() => this switch
    {
        _ when (_seen & Fields.Buckets) == 0 => ControlRequest.Failed(RequestError.BucketsMissing),
        _ when !_buckets.IsWithin(ControlLimits.BucketsMax) => ControlRequest.Failed(RequestError.BucketsInvalid),
        _ => ControlRequest.SetBuckets(_buckets.Value),
    };

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
                _setting = IsText("limit"u8) ? Setting.Limit : IsText("table"u8) ? Setting.Table : Setting.Unknown;
                break;
            case Fields.Zone:
                ReadZone();
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

    private void ReadZone()
    {
        if (_json.TokenType != JsonTokenType.String)
        {
            _zoneState = ZoneState.NoText;
        }
        else if (_json.ValueSpan.Length > ControlRequest.ScratchBytes)
        {
            // Too long for any name however it is escaped; and a copy that fits cannot fail for want of room.
            _zoneState = ZoneState.TooLong;
        }
        else
        {
            _zoneBytes = _json.CopyString(_scratch);
            _zoneState = _zoneBytes > ControlLimits.ZoneNameBytesMax ? ZoneState.TooLong : ZoneState.Name;
        }
    }

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
