using System;
using System.Text.Json;
using Dataplane.Os;

namespace Dataplane.Control.Socket;

/// <summary>One client of the control socket, with its buffers; made once and reused for every connection.</summary>
internal sealed class ControlClientSlot : IDisposable
{
    /// <summary>Rows, written or skipped, before other clients have their turn.</summary>
    private const int StepsPerTurn = 512;

    private static readonly JsonWriterOptions s_options = new() { SkipValidation = true };

    private readonly byte[] _input = GC.AllocateUninitializedArray<byte>(ControlLimits.RequestBytesMax, pinned: true);
    private readonly FixedBufferWriter _output = new(ControlLimits.ReplyBytesMax);
    private readonly Utf8JsonWriter _json;
    private readonly byte[] _scratch = GC.AllocateUninitializedArray<byte>(ControlRequest.ScratchBytes, pinned: true);
    private readonly IShowSource _source;
    private readonly ITableSettings? _settings;
    private readonly int _idleMs;
    private int _inputLength;
    private bool _inputEnded;
    private bool _closeWhenSent;
    private bool _dumping;
    private ShowTopic _topic;
    private ShowCursor _cursor;
    private long _rows;
    private long _lastProgressMs;

    /// <param name="source">Rows.</param>
    /// <param name="settings">What requests may change, or null.</param>
    /// <param name="idleMs">How long the client may keep still.</param>
    internal ControlClientSlot(IShowSource source, ITableSettings? settings, int idleMs)
    {
        _source = source;
        _settings = settings;
        _idleMs = idleMs;
        _json = new Utf8JsonWriter(_output, s_options);
    }

    internal int Descriptor { get; private set; } = -1;

    internal bool IsOpen => Descriptor >= 0;

    /// <summary>True while there is more to do than waiting for the client.</summary>
    internal bool HasWork { get; private set; }

    private bool WantsInput => !_dumping && !_closeWhenSent && !_inputEnded && _output.IsEmpty;

    /// <summary>What poll should wait for.</summary>
    internal short Wanted => (short)((WantsInput ? PollEntry.Readable : 0) | (_output.IsEmpty ? 0 : PollEntry.Writable));

    internal void Open(int descriptor, long nowMs)
    {
        Descriptor = descriptor;
        _inputLength = 0;
        _inputEnded = false;
        _closeWhenSent = false;
        _dumping = false;
        HasWork = false;
        _output.Clear();
        _lastProgressMs = nowMs;
    }

    internal void Close()
    {
        UnixSocket.Close(Descriptor);
        Descriptor = -1;
        HasWork = false;
    }

    public void Dispose()
    {
        if (IsOpen)
        {
            Close();
        }

        _output.Clear();
        _json.Reset(_output);
        _json.Dispose();
    }

    /// <summary>Reads, serves and sends as far as the socket goes now. Closes itself when it is done.</summary>
    internal void Turn(short ready, ref ControlCounters counters, long nowMs)
    {
        if (WantsInput && (ready & ~PollEntry.Writable) != 0 && !Receive(ref counters, nowMs))
        {
            Close();
            return;
        }

        HasWork = false;
        if (!_dumping && !_closeWhenSent && _output.IsEmpty)
        {
            ServeLine(ref counters);
        }

        if (_dumping)
        {
            WriteRows(ref counters);
        }

        if (!Send(nowMs))
        {
            Close();
            return;
        }

        HasWork = _output.IsEmpty && (_dumping || LineLength() > 0);
        if (_output.IsEmpty && !_dumping && (_closeWhenSent || (_inputEnded && LineLength() == 0)))
        {
            Close();
        }
    }

    /// <summary>Cuts the client off if it has kept still for too long.</summary>
    internal void CheckIdle(ref ControlCounters counters, long nowMs)
    {
        if (nowMs - _lastProgressMs < _idleMs)
        {
            return;
        }

        bool slow = !_output.IsEmpty || _dumping;
        counters.Slow += slow ? 1 : 0;
        counters.Idle += slow ? 0 : 1;
        Farewell(slow ? Replies.TooSlow : Replies.Idle);
    }

    /// <summary>Closes with a last word, which a client that stopped reading may never see.</summary>
    internal void Farewell(ReadOnlySpan<byte> reason)
    {
        _ = UnixSocket.Send(Descriptor, reason);
        Close();
    }

    private bool Receive(ref ControlCounters counters, long nowMs)
    {
        int count = UnixSocket.Receive(Descriptor, _input.AsSpan(_inputLength));
        if (count <= 0)
        {
            // End of the stream: a client may close its sending side and still wait for the reply.
            _inputEnded = count == 0;
            return count is 0 or -Errno.WouldBlock or -Errno.Interrupted;
        }

        _inputLength += count;
        if (LineLength() == 0 && _inputLength == _input.Length)
        {
            counters.Rejected++;
            _output.Append(Replies.LineTooLong);
            _closeWhenSent = true;
            _inputLength = 0;
        }
        else if (LineLength() > 0)
        {
            // Bytes that complete no line are no progress: a line sent byte by byte must not hold the slot for ever.
            _lastProgressMs = nowMs;
        }

        return true;
    }

    /// <summary>Bytes of the first line with its newline; at the end of the stream the rest counts as a line.</summary>
    private int LineLength()
    {
        int newline = _input.AsSpan(0, _inputLength).IndexOf((byte)'\n');
        return newline >= 0 ? newline + 1 : _inputEnded ? _inputLength : 0;
    }

    private void ServeLine(ref ControlCounters counters)
    {
        int length = LineLength();
        if (length == 0)
        {
            return;
        }

        ReadOnlySpan<byte> line = _input.AsSpan(0, length).Trim(" \t\r\n"u8);
        if (!line.IsEmpty)
        {
            Serve(ControlRequest.Parse(line, _scratch), ref counters);
        }

        _input.AsSpan(length, _inputLength - length).CopyTo(_input);
        _inputLength -= length;
    }

    private void Serve(ControlRequest request, ref ControlCounters counters)
    {
        if (request.Error != RequestError.None)
        {
            counters.Rejected++;
            _output.Append(Replies.For(request.Error));
        }
        else if (request.Kind == RequestKind.Show)
        {
            counters.Served++;
            BeginDump(request);
        }
        else if (_settings is null)
        {
            counters.Rejected++;
            _output.Append(Replies.NotSupported);
        }
        else
        {
            Set(request, _settings, ref counters);
        }
    }

    private void Set(ControlRequest request, ITableSettings settings, ref ControlCounters counters)
    {
        SettingOutcome outcome = request.Kind switch
        {
            RequestKind.SetEntriesMax => settings.SetEntriesMax(request.Value.GetValueOrDefault()),
            RequestKind.SetZoneMax => settings.SetZoneMax(request.Name, request.Value),
            RequestKind.SetTimeout => settings.SetTimeout(request.Name, request.State, (uint)request.Value.GetValueOrDefault()),
            _ => settings.SetBuckets(request.Value.GetValueOrDefault()),
        };
        bool done = outcome.Kind == SettingResult.Done;
        counters.Served += done ? 1 : 0;
        counters.Rejected += done ? 0 : 1;
        BeginLine();
        SettingReply.Write(_json, request, outcome);
        EndLine();
    }

    private void BeginDump(ControlRequest request)
    {
        _dumping = true;
        _topic = request.Topic;
        _cursor = default;
        _rows = 0;
        BeginLine();
        _json.WriteBoolean("ok"u8, true);
        _json.WriteString("what"u8, ShowTopics.Name(_topic));
        EndLine();
    }

    private void WriteRows(ref ControlCounters counters)
    {
        _output.Compact();
        for (int step = 0; step < StepsPerTurn && _output.Free >= ControlLimits.RowBytesMax; step++)
        {
            int before = _output.End;
            _json.Reset(_output);
            ShowStep result;
            try
            {
                result = _source.Next(_topic, ref _cursor, _json);
                _json.Flush();
            }
            catch (InvalidOperationException)
            {
                // Larger than a row may be, or a text that is no UTF-16: the client is told, the router goes on.
                _output.Truncate(before);
                _output.Append(Replies.RowFailed);
                counters.RowsFailed++;
                _dumping = false;
                return;
            }

            if (result == ShowStep.End)
            {
                WriteEnd();
                return;
            }

            if (result == ShowStep.Row)
            {
                _rows++;
                _output.Append("\n"u8);
            }
        }
    }

    private void WriteEnd()
    {
        BeginLine();
        _json.WriteBoolean("end"u8, true);
        _json.WriteNumber("count"u8, _rows);
        EndLine();
        _dumping = false;
    }

    private void BeginLine()
    {
        _json.Reset(_output);
        _json.WriteStartObject();
    }

    private void EndLine()
    {
        _json.WriteEndObject();
        _json.Flush();
        _output.Append("\n"u8);
    }

    private bool Send(long nowMs)
    {
        while (!_output.IsEmpty)
        {
            int count = UnixSocket.Send(Descriptor, _output.Pending);
            if (count <= 0)
            {
                return count is -Errno.WouldBlock or -Errno.Interrupted;
            }

            _output.Consume(count);
            _lastProgressMs = nowMs;
        }

        return true;
    }
}
