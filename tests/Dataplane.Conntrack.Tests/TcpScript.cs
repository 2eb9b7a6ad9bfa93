using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>A TCP connection told segment by segment, each with what the tracker shall say.</summary>
/// <remarks>
/// <code>
/// "> S 0 w=1000 ws=7 : ss"
///  direction, flags of SFRPA, sequence number; then any of
///  a=ACK  l=PAYLOAD  w=WINDOW (unscaled, 1000 if left out)  ws=SHIFT  ts  sack=LEFT-RIGHT  : verdict
/// </code>
/// The verdict is a state's short name, "=" for kept, "new" for reopened or the label of a drop reason, and "+r" or "+u" for a
/// cap. Numbers count from each side's own base, so that one script can be run anywhere in the sequence space.
/// A segment that the fast path takes must be judged alike by the slow one, and leave the same windows behind.
/// </remarks>
internal sealed unsafe class TcpScript
{
    private static readonly Dictionary<ConnectionState, string> s_names = new()
    {
        [ConnectionState.TcpSynSent] = "ss",
        [ConnectionState.TcpSynSent2] = "s2",
        [ConnectionState.TcpSynReceived] = "sr",
        [ConnectionState.TcpEstablished] = "es",
        [ConnectionState.TcpFinWait] = "fw",
        [ConnectionState.TcpCloseWait] = "cw",
        [ConnectionState.TcpLastAck] = "la",
        [ConnectionState.TcpTimeWait] = "tw",
        [ConnectionState.TcpClose] = "cl",
    };

    private readonly uint[] _bases;
    private readonly TcpPolicy _policy;
    private readonly byte[] _packet = GC.AllocateArray<byte>(TcpHeader.MaxSizeBytes, pinned: true);
    private TcpWindows _windows;

    /// <summary>Bases just before and at the places where comparisons could go wrong.</summary>
    public static readonly uint[] Bases = [0, 1, 0x7FFF_FC00, 0x8000_0000, 0xFFFF_0000, 0xFFFF_FC00, 0xFFFF_FFFE, 0xFFFF_FFFF];

    public TcpScript(uint originalBase, uint replyBase, TcpPolicy policy)
    {
        _bases = [originalBase, replyBase];
        _policy = policy;
    }

    public ConnectionState State { get; private set; }

    /// <summary>Segments that the fast path has taken.</summary>
    public int FastCount { get; private set; }

    public ref TcpWindows Windows => ref _windows;

    /// <summary>Runs a script at every pair of bases.</summary>
    public static void RunEverywhere(TcpPolicy policy, params string[] steps)
    {
        foreach (uint original in Bases)
        {
            foreach (uint reply in Bases)
            {
                new TcpScript(original, reply, policy).Run(steps);
            }
        }
    }

    public static void RunEverywhere(params string[] steps) => RunEverywhere(TcpPolicy.Strict, steps);

    public void Run(params string[] steps)
    {
        foreach (string step in steps)
        {
            string[] halves = step.Split(':');
            string actual = Step(halves[0].Trim());
            Assert.True(halves[1].Trim() == actual, $"{step}: is {actual}, bases {_bases[0]:X8} {_bases[1]:X8}");
        }
    }

    /// <summary>One segment through both paths; the verdict in the script's words.</summary>
    public string Step(string text)
    {
        Direction direction = Build(text, out int payloadBytes);
        var header = (TcpHeader*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_packet));
        TcpSegment segment = TcpSegment.Read(header, payloadBytes);
        if (State == ConnectionState.None)
        {
            DropReason reason = TcpTracker.Open(ref _windows, segment, _policy, out ConnectionState first);
            State = first;
            return reason == DropReason.None ? s_names[first] : DropReasons.Label(reason);
        }

        TcpWindows fast = _windows;
        bool isFast = State == ConnectionState.TcpEstablished && TcpTracker.TryAdvance(ref fast, direction, header, payloadBytes);
        TcpWindows before = _windows;
        TrackerVerdict verdict = TcpTracker.Judge(ref _windows, State, direction, segment, _policy);
        if (isFast)
        {
            FastCount++;
            Assert.Equal((byte)ConnectionState.TcpEstablished, verdict.Effect);
            Assert.Equal(fast.IsUnacknowledged ? ConnectionState.TcpUnacknowledged : ConnectionState.None, verdict.Cap);
            Assert.True(BytesOf(fast).SequenceEqual(BytesOf(_windows)), $"{text}: the paths leave different windows");
        }

        if (verdict.Effect is Trackers.Invalid or Trackers.Reopen)
        {
            Assert.True(BytesOf(before).SequenceEqual(BytesOf(_windows)), $"{text}: refused, yet the windows changed");
        }

        if (verdict.Effect < Trackers.Invalid)
        {
            State = (ConnectionState)verdict.Effect;
        }

        return Name(verdict);
    }

    private static string Name(TrackerVerdict verdict) => verdict.Effect switch
    {
        Trackers.Invalid => DropReasons.Label(verdict.Reason),
        Trackers.Keep => "=",
        Trackers.Reopen => "new",
        _ => s_names[(ConnectionState)verdict.Effect] + verdict.Cap switch
        {
            ConnectionState.TcpRetransmitting => "+r",
            ConnectionState.TcpUnacknowledged => "+u",
            _ => string.Empty,
        },
    };

    private static byte[] BytesOf(TcpWindows windows) => MemoryMarshal.AsBytes(new ReadOnlySpan<TcpWindows>(ref windows)).ToArray();

    private Direction Build(string text, out int payloadBytes)
    {
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int direction = words[0] == ">" ? 0 : 1;
        string? Value(string name) => words.Skip(3).FirstOrDefault(word => word.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];
        uint Number(string number, int side) => (uint)long.Parse(number, CultureInfo.InvariantCulture) + _bases[side];

        List<byte> options = [];
        if (Value("ws") is { } shift)
        {
            options.AddRange([1, 3, 3, byte.Parse(shift, CultureInfo.InvariantCulture)]);
        }

        if (words.Contains("ts"))
        {
            options.AddRange([1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]);
        }

        if (Value("sack") is { } sack)
        {
            options.AddRange([1, 1, 5, 10]);
            foreach (string edge in sack.Split('-'))
            {
                options.AddRange(BitConverter.GetBytes(Be32.FromHost(Number(edge, direction ^ 1)).Raw));
            }
        }

        Array.Clear(_packet);
        options.CopyTo(_packet, TcpHeader.SizeBytes);
        ref TcpHeader header = ref MemoryMarshal.AsRef<TcpHeader>(_packet.AsSpan());
        header.Sequence = Be32.FromHost(Number(words[2], direction));
        header.Acknowledgment = Be32.FromHost(Value("a") is { } ack ? Number(ack, direction ^ 1) : 0);
        header.Window = Be16.FromHost(ushort.Parse(Value("w") ?? "1000", CultureInfo.InvariantCulture));
        header.OffsetAndReserved = (byte)((TcpHeader.SizeBytes + options.Count) / 4 << 4);
        header.Flags = (Value("a") != null ? TcpFlags.Ack : 0) | words[1].Aggregate(TcpFlags.None, (flags, letter) => flags | letter switch
        {
            'S' => TcpFlags.Syn,
            'F' => TcpFlags.Fin,
            'R' => TcpFlags.Rst,
            'P' => TcpFlags.Psh,
            _ => TcpFlags.None,
        });
        payloadBytes = int.Parse(Value("l") ?? "0", CultureInfo.InvariantCulture);
        return (Direction)direction;
    }
}
