using System;
using System.Text.Json;

namespace Dataplane.Control.Socket;

/// <summary>Why a request was not served; the word that goes into <c>code</c>.</summary>
internal enum RequestError
{
    None,
    NotJson,
    VerbMissing,
    VerbUnknown,
    TopicMissing,
    TopicUnknown,
    FieldUnknown,
}

/// <summary>One request line, <c>{"verb":"show","what":"conntrack"}</c>, read without allocating.</summary>
internal readonly struct ControlRequest
{
    private ControlRequest(RequestError error, ShowTopic topic)
    {
        Error = error;
        Topic = topic;
    }

    internal RequestError Error { get; }

    internal ShowTopic Topic { get; }

    internal static ControlRequest Parse(ReadOnlySpan<byte> line)
    {
        RequestReader reader = new(line);
        try
        {
            return reader.Read();
        }
        catch (JsonException)
        {
            // Rare and the client's fault: the one place where a request may cost an allocation.
            return Failed(RequestError.NotJson);
        }
    }

    private static ControlRequest Failed(RequestError error) => new(error, default);

    private ref struct RequestReader
    {
        private Utf8JsonReader _json;
        private bool _verbSeen;
        private bool _verbKnown;
        private bool _topicSeen;
        private bool _topicKnown;
        private bool _strange;
        private ShowTopic _topic;

        internal RequestReader(ReadOnlySpan<byte> line) => _json = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = 4 });

        internal ControlRequest Read()
        {
            if (!_json.Read() || _json.TokenType != JsonTokenType.StartObject)
            {
                return Failed(RequestError.NotJson);
            }

            while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
            {
                ReadField();
            }

            // Reading on raises an error if anything follows the object.
            _json.Read();
            return this switch
            {
                { _verbSeen: false } => Failed(RequestError.VerbMissing),
                { _verbKnown: false } => Failed(RequestError.VerbUnknown),
                { _topicSeen: false } => Failed(RequestError.TopicMissing),
                { _topicKnown: false } => Failed(RequestError.TopicUnknown),
                { _strange: true } => Failed(RequestError.FieldUnknown),
                _ => new ControlRequest(RequestError.None, _topic),
            };
        }

        private void ReadField()
        {
            if (_json.ValueTextEquals("verb"u8))
            {
                _json.Read();
                _verbSeen = true;
                _verbKnown = _json.TokenType == JsonTokenType.String && _json.ValueTextEquals("show"u8);
            }
            else if (_json.ValueTextEquals("what"u8))
            {
                _json.Read();
                _topicSeen = true;
                _topicKnown = _json.TokenType == JsonTokenType.String && TryTopic(out _topic);
            }
            else
            {
                _json.Read();
                _strange = true;
            }

            _json.Skip();
        }

        private readonly bool TryTopic(out ShowTopic topic)
        {
            for (topic = ShowTopic.Status; topic <= ShowTopic.Conntrack; topic++)
            {
                if (_json.ValueTextEquals(ShowTopics.Name(topic)))
                {
                    return true;
                }
            }

            topic = default;
            return false;
        }
    }
}
