using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Packet;

namespace Dataplane.Conntrack.Tests;

/// <summary>A segment on a simulated wire.</summary>
internal sealed record Wire(uint Sequence, uint Acknowledgment, TcpFlags Flags, int PayloadBytes, ushort Window, int Scale, uint SackLeft, uint SackRight);

/// <summary>How an endpoint behaves.</summary>
/// <param name="Initial">Its first sequence number.</param>
/// <param name="SendBytes">What it has to say before its FIN.</param>
/// <param name="BufferBytes">Its receive buffer.</param>
/// <param name="Scale">The window shift that it offers; -1 none.</param>
/// <param name="HasSack">Reports what it has out of order (RFC 2018).</param>
/// <param name="MaxSegmentBytes">Its largest payload.</param>
/// <param name="ReadsSlowly">Its application lets the buffer fill up.</param>
internal sealed record EndpointSetup(uint Initial, int SendBytes, int BufferBytes, int Scale, bool HasSack, int MaxSegmentBytes, bool ReadsSlowly);

/// <summary>An honest TCP endpoint (RFC 9293), written from the endpoints' point of view and without knowledge of the tracker.</summary>
/// <remarks>
/// Offsets are 64-bit and count from the SYN at 0, so that wrap-around exists on the wire only. Every method that sends returns the
/// segment, or null when there is none to send. A window is never taken back (§3.8.6), a SYN or FIN is sent like a byte.
/// </remarks>
internal sealed class TcpEndpoint(EndpointSetup setup, Random random)
{
    private readonly SortedSet<long> _early = [];
    private long _sentNext;
    private long _sentUnacknowledged;
    private long _windowEnd;
    private long _received;
    private long _granted;
    private long _read;
    private long _lastAcknowledged;
    private uint _peerInitial;
    private int _peerScale = -1;
    private int _unread;

    public bool IsPeerKnown { get; private set; }

    /// <summary>All sent and acknowledged, FIN included, and the peer's FIN received.</summary>
    public bool IsDone => _sentUnacknowledged == FinEnd && IsPeerFinReceived;

    private bool IsPeerFinReceived { get; set; }

    private long FinEnd => setup.SendBytes + 2L;

    private long PeerFin { get; set; } = long.MaxValue;

    private int Scale => setup.Scale >= 0 && _peerScale >= 0 ? setup.Scale : 0;

    /// <summary>SYN, or SYN-ACK once the peer's is known; again at any time until it is acknowledged.</summary>
    public Wire? Synchronize()
    {
        if (_sentUnacknowledged > 0)
        {
            return null;
        }

        _sentNext = Math.Max(_sentNext, 1);
        return Make(0, 0, IsPeerKnown ? TcpFlags.Syn | TcpFlags.Ack : TcpFlags.Syn);
    }

    /// <summary>Whatever is next: data inside the peer's window, or the FIN behind all of it.</summary>
    public Wire? SendNext()
    {
        if (!IsPeerKnown || _sentUnacknowledged == 0 || _sentNext >= FinEnd)
        {
            return null;
        }

        long room = _windowEnd - _sentNext;
        int left = (int)(setup.SendBytes + 1 - _sentNext);
        int bytes = (int)Math.Min(Math.Min(room, left), random.Next(1, setup.MaxSegmentBytes + 1));
        bool isFin = bytes == left && room > left;
        if (bytes <= 0 && !isFin)
        {
            return null;
        }

        long at = _sentNext;
        _sentNext += bytes + (isFin ? 1 : 0);
        return Make(at, bytes, TcpFlags.Ack | (isFin ? TcpFlags.Fin : 0));
    }

    /// <summary>The retransmission timer (RFC 6298 §5.4) or a fast retransmission of anything in flight.</summary>
    public Wire? Repeat()
    {
        if (!IsPeerKnown || _sentUnacknowledged == 0 || _sentUnacknowledged >= _sentNext)
        {
            return null;
        }

        long from = random.Next(3) == 0 ? random.NextInt64(_sentUnacknowledged, _sentNext) : _sentUnacknowledged;
        int bytes = (int)Math.Min(Math.Min(_sentNext, setup.SendBytes + 1) - from, setup.MaxSegmentBytes);
        bool isFin = from + bytes == setup.SendBytes + 1 && _sentNext == FinEnd;
        return Make(from, bytes, TcpFlags.Ack | (isFin ? TcpFlags.Fin : 0));
    }

    /// <summary>A pure acknowledgment.</summary>
    public Wire? Acknowledge() => IsPeerKnown && _sentUnacknowledged > 0 ? Make(_sentNext, 0, TcpFlags.Ack) : null;

    /// <summary>A keep-alive or the probe of a closed window, as a stack may send it at any time: one byte back, with or without a byte.</summary>
    public Wire? Probe()
    {
        if (!IsPeerKnown || _sentUnacknowledged == 0)
        {
            return null;
        }

        if (_sentNext == _windowEnd && _sentNext <= setup.SendBytes && _sentUnacknowledged == _sentNext)
        {
            // RFC 9293 §3.8.6.1: one byte of new data beyond a closed window.
            _sentNext++;
            return Make(_sentNext - 1, 1, TcpFlags.Ack);
        }

        return Make(_sentUnacknowledged - 1, _sentUnacknowledged > 1 ? random.Next(2) : 0, TcpFlags.Ack);
    }

    /// <summary>The application takes what has arrived.</summary>
    public void Read() => _read = setup.ReadsSlowly ? Math.Min(_received, _read + random.Next(1, 3000)) : _received;

    /// <summary>Takes a segment in; true if it asks for an acknowledgment.</summary>
    public bool Receive(Wire segment)
    {
        bool isSyn = segment.Flags.HasFlag(TcpFlags.Syn);
        if (isSyn && !IsPeerKnown)
        {
            IsPeerKnown = true;
            _peerInitial = segment.Sequence;
            _peerScale = segment.Scale;
            _received = 1;
            _read = 1;
            _granted = 1;
        }

        if (!IsPeerKnown)
        {
            return false;
        }

        TakeAcknowledgment(segment, isSyn);
        return TakeData(segment, isSyn);
    }

    private void TakeAcknowledgment(Wire segment, bool isSyn)
    {
        if (!segment.Flags.HasFlag(TcpFlags.Ack))
        {
            return;
        }

        long acknowledged = Offset(segment.Acknowledgment, setup.Initial, _sentUnacknowledged);
        if (acknowledged < _lastAcknowledged || acknowledged > _sentNext)
        {
            return;
        }

        _lastAcknowledged = acknowledged;
        _sentUnacknowledged = Math.Max(_sentUnacknowledged, acknowledged);
        int shift = isSyn || setup.Scale < 0 || _peerScale < 0 ? 0 : _peerScale;
        _windowEnd = Math.Max(_windowEnd, acknowledged + ((long)segment.Window << shift));
    }

    private bool TakeData(Wire segment, bool isSyn)
    {
        long from = Offset(segment.Sequence, _peerInitial, _received);
        long to = from + segment.PayloadBytes + (isSyn ? 1 : 0);
        if (segment.Flags.HasFlag(TcpFlags.Fin))
        {
            PeerFin = to++;
        }

        // Out of order, byte by byte, as far as the buffer goes; the FIN is the byte behind the data.
        for (long at = Math.Max(from, _received); at < Math.Min(to, _read + setup.BufferBytes + 1); at++)
        {
            _early.Add(at);
        }

        while (_early.Remove(_received))
        {
            IsPeerFinReceived |= _received == PeerFin;
            _received++;
            _unread++;
        }

        return to > from || from != _received || _unread > 1;
    }

    private Wire Make(long at, int payloadBytes, TcpFlags flags)
    {
        bool isSyn = flags.HasFlag(TcpFlags.Syn);
        int shift = isSyn ? 0 : Scale;

        // The right edge never moves left: what was granted stays granted, rounded up to the unit.
        long edge = Math.Max(_granted, _read + setup.BufferBytes);
        long window = Math.Min((edge - _received) >> shift, ushort.MaxValue);
        while (_received + (window << shift) < _granted && window < ushort.MaxValue)
        {
            window++;
        }

        _granted = Math.Max(_granted, _received + (window << shift));
        _unread = 0;
        bool hasSack = setup.HasSack && flags.HasFlag(TcpFlags.Ack) && !isSyn && _early.Count > 0;
        long left = hasSack ? _early.Max : 0;
        while (hasSack && _early.Contains(left - 1))
        {
            left--;
        }

        return new Wire(
            (uint)(setup.Initial + at), flags.HasFlag(TcpFlags.Ack) ? (uint)(_peerInitial + _received) : 0, flags, payloadBytes, (ushort)window,
            isSyn && (setup.Scale >= 0) && (!IsPeerKnown || _peerScale >= 0) ? setup.Scale : -1,
            hasSack ? (uint)(_peerInitial + left) : 0, hasSack ? (uint)(_peerInitial + _early.Max + 1) : 0);
    }

    public override string ToString() =>
        $"{setup}: sent {_sentNext}, acknowledged {_sentUnacknowledged} of {FinEnd}, window to {_windowEnd}; received {_received}, "
        + $"read {_read}, granted {_granted}, {_early.Count} early, FIN at {PeerFin}";

    // The 64-bit offset nearest to what is expected.
    private static long Offset(uint number, uint initial, long expected) => expected + (int)(number - (uint)(initial + expected));
}
