using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dataplane.Packet;
using Xunit;
using static Dataplane.Conntrack.ConnectionState;

namespace Dataplane.Conntrack.Tests;

/// <summary>SCTP associations chunk by chunk: RFC 9260 §5, §8 and §9 seen from the middle.</summary>
[Trait("Category", "Portable")]
public sealed unsafe class SctpTests
{
    private const string States = "cw ce es ss sr sa cl hs";

    /// <summary>What each chunk does in each state; columns as in <see cref="States"/>.</summary>
    public static TheoryData<string, string> Rows => new()
    {
        //                        cw  ce  es  ss  sr  sa  cl  hs
        { "> Init",             "cw  =   =   =   =   =   new cw" },
        { "< Init",             "cw  =   =   =   =   =   =   = " },
        { "> InitAck",          "cw  =   =   =   =   =   =   = " },
        { "< InitAck",          "cw  =   =   =   =   =   =   = " },
        { "> CookieEcho",       "ce  ce  =   =   =   =   =   = " },
        { "< CookieEcho",       "ce  ce  =   =   =   =   =   = " },
        { "> CookieAck",        "-   es  es  es  es  es  =   = " },
        { "< CookieAck",        "-   es  es  es  es  es  =   = " },
        { "> Data",             "-   ce  es  ss  sr  sa  =   hs" },
        { "< Data",             "-   ce  es  ss  sr  sa  =   hs" },
        { "> IData",            "-   ce  es  ss  sr  sa  =   hs" },
        { "< Sack",             "-   ce  es  ss  sr  sa  =   hs" },
        { "> Error",            "=   =   es  ss  sr  sa  =   hs" },
        { "< Error",            "=   =   es  ss  sr  sa  =   hs" },
        { "> Heartbeat",        "-   ce  es  ss  sr  sa  =   hs" },
        { "< Heartbeat",        "-   ce  es  ss  sr  sa  =   hs" },
        { "> HeartbeatAck",     "-   ce  es  ss  sr  sa  =   hs" },
        { "< HeartbeatAck",     "-   ce  es  ss  sr  sa  =   es" },
        { "> Shutdown",         "-   =   ss  ss  sr  sa  =   = " },
        { "< Shutdown",         "-   =   sr  ss  sr  sa  =   = " },
        { "> ShutdownAck",      "=   =   =   sa  sa  sa  =   = " },
        { "< ShutdownAck",      "=   =   =   sa  sa  sa  =   = " },
        { "> ShutdownComplete", "=   =   =   =   =   cl  =   = " },
        { "< ShutdownComplete", "=   =   =   =   =   cl  =   = " },
        { "> Abort",            "cl  cl  cl  cl  cl  cl  =   cl" },
        { "< Abort",            "cl  cl  cl  cl  cl  cl  =   cl" },
    };

    private static readonly Dictionary<ConnectionState, string> s_names = new()
    {
        [SctpCookieWait] = "cw",
        [SctpCookieEchoed] = "ce",
        [SctpEstablished] = "es",
        [SctpShutdownSent] = "ss",
        [SctpShutdownReceived] = "sr",
        [SctpShutdownAckSent] = "sa",
        [SctpClosed] = "cl",
        [SctpHeartbeatSent] = "hs",
    };

    private static readonly string[] s_open =
        ["> 0 Init=A : cw", "< A InitAck=Z : cw", "> Z CookieEcho : ce", "< A CookieAck : es"];

    [Theory]
    [MemberData(nameof(Rows))]
    public void Every_cell_of_a_row_is_as_stated(string chunk, string cells)
    {
        string[] states = States.Split(' ');
        string[] expected = cells.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(states.Length, expected.Length);
        Direction direction = chunk[0] == '>' ? Direction.Original : Direction.Reply;
        for (int column = 0; column < states.Length; column++)
        {
            ConnectionState state = s_names.Single(pair => pair.Value == states[column]).Key;
            Assert.Equal((states[column], expected[column]), (states[column], Name(SctpTracker.Transition(direction, Enum.Parse<SctpChunkType>(chunk[2..]), state))));
        }
    }

    [Fact]
    public void Other_protocols_states_are_refused() => Assert.All(
        Enum.GetValues<ConnectionState>().Except(s_names.Keys),
        state => Assert.Equal(Trackers.Invalid, SctpTracker.Transition(Direction.Original, SctpChunkType.Data, state)));

    [Theory]
    [InlineData(
        "an association", "> Z Data : es", "< A Sack : es", "< A Sack,Data : es", "> Z Shutdown : ss", "< A ShutdownAck : sa",
        "> Z ShutdownComplete : cl")]
    [InlineData("shut down by the other side", "< A Shutdown : sr", "> Z Data : sr", "> Z ShutdownAck : sa", "< A ShutdownComplete : cl")]
    [InlineData(
        "shut down by both", "> Z Shutdown : ss", "< A Shutdown : ss", "> Z ShutdownAck : sa", "< A ShutdownAck : sa",
        "> Z ShutdownComplete : cl")]
    [InlineData("bundled shutdown", "< A Sack,Shutdown : sr", "> Z Sack,ShutdownAck : sa")]
    [InlineData(
        "a wrong tag is refused", "> A Data : sctp_tag_bad", "< Z Data : sctp_tag_bad", "> 0 Data : sctp_tag_bad",
        "> Q Shutdown : sctp_tag_bad", "> Z Data : es")]
    [InlineData("aborted", "> Z Abort : cl", "> 0 Init=B : new")]
    [InlineData("aborted with the tag reflected", "> A Abort/T : cl")]
    [InlineData(
        "an abort with the wrong tag kills nothing", "> Q Abort : sctp_tag_bad", "> Z Abort/T : sctp_tag_bad",
        "< Z Abort : sctp_tag_bad", "> A Abort : sctp_tag_bad", "> Z Data : es")]
    [InlineData("completed with the tag reflected", "> Z Shutdown : ss", "< A ShutdownAck : sa", "> A ShutdownComplete/T : cl")]
    [InlineData("a complete out of place ends nothing", "> Z ShutdownComplete : =", "> Z Data : es")]
    [InlineData(
        "a restart takes the new tags with its COOKIE ACK", "> 0 Init=B : =", "< B InitAck=Y : =", "> Z Data : es",
        "> Y CookieEcho,Data : es", "> Z Data : es", "< B CookieAck,Data : es", "> Y Data : es", "< B Data : es",
        "> Z Data : sctp_tag_bad", "< A Data : sctp_tag_bad")]
    [InlineData(
        "a forged INIT changes nothing", "< 0 Init=Q : =", "> Z Data : es", "< A Data : es", "> Q Data : sctp_tag_bad",
        "< 0 Abort : sctp_tag_bad")]
    [InlineData("an INIT ACK must carry the tag of an INIT", "< Q InitAck=Y : sctp_tag_bad", "> Q InitAck=Y : sctp_tag_bad")]
    [InlineData("a cookie must carry the tag of an INIT ACK", "> Q CookieEcho : sctp_tag_bad", "< Q CookieAck : sctp_tag_bad")]
    [InlineData("an INIT has no tag and offers one", "> Z Init=B : sctp_tag_bad", "> 0 Init=0 : sctp_tag_bad")]
    [InlineData("heartbeats keep it up", "> Z Heartbeat : es", "< A HeartbeatAck : es", "< Q HeartbeatAck : sctp_tag_bad")]
    public void An_association_goes_on(string name, params string[] steps) => Run(name, [.. s_open, .. steps]);

    [Theory]
    [InlineData(
        "each step may be repeated", "> 0 Init=A : cw", "> 0 Init=A : cw", "< A InitAck=Z : cw", "< A InitAck=Z : cw",
        "> Z CookieEcho : ce", "> Z CookieEcho : ce", "< A CookieAck : es", "< A CookieAck : es")]
    [InlineData(
        "another attempt", "> 0 Init=A : cw", "> 0 Init=B : cw", "< A InitAck=Z : sctp_tag_bad", "< B InitAck=Z : cw",
        "> Z CookieEcho,Data : ce", "< B CookieAck : es")]
    [InlineData(
        "both at once (§5.2.1)", "> 0 Init=A : cw", "< 0 Init=Z : cw", "> Z InitAck=A : cw", "< A InitAck=Z : cw",
        "> Z CookieEcho : ce", "< A CookieEcho : ce", "> Z CookieAck : es", "< A CookieAck : es", "> Z Data : es",
        "< A Data : es")]
    [InlineData("refused", "> 0 Init=A : cw", "< Q Abort : sctp_tag_bad", "< A Abort : cl")]
    [InlineData("withdrawn", "> 0 Init=A : cw", "< A InitAck=Z : cw", "> Z Abort : cl")]
    [InlineData(
        "stale cookie (§5.2.6)", "> 0 Init=A : cw", "< A InitAck=Z : cw", "> Z CookieEcho : ce", "< A Error : =",
        "> 0 Init=A : =", "< A InitAck=Y : =", "> Y CookieEcho : ce", "< A CookieAck : es", "> Y Data : es",
        "> Z Data : sctp_tag_bad")]
    [InlineData("data before the cookie", "> 0 Init=A : cw", "< A Data : sctp_state_invalid", "> Z Data : sctp_tag_bad")]
    [InlineData(
        "a further path (§5.4)", "> Z Heartbeat : hs", "> Z Heartbeat : hs", "< A HeartbeatAck : es", "> Z Data : es",
        "< A Data : es", "< Q Data : sctp_tag_bad", "> Q Data : sctp_tag_bad")]
    [InlineData(
        "no other chunk opens", "> Z Data : sctp_not_init", "> Z CookieEcho : sctp_not_init", "> Z Abort : sctp_not_init",
        "> Z ShutdownAck : sctp_not_init")]
    [InlineData(
        "an INIT with a tag or without one to offer does not open", "> Q Init=A : sctp_tag_bad", "> 0 Init=0 : sctp_tag_bad",
        "> 0 Heartbeat : sctp_not_init")]
    [InlineData(
        "bundles that may not be", "> 0 Init=A,Data : sctp_chunk_bad", "> 0 Init=A : cw", "< A Sack,InitAck=Z : sctp_chunk_bad",
        "< A InitAck=Z : cw", "> Z Sack,CookieEcho : sctp_chunk_bad")]
    public void An_association_begins(string name, params string[] steps) => Run(name, steps);

    [Fact]
    public void A_truncated_or_stretched_chunk_is_refused_at_every_length()
    {
        byte[] packet = Build("> Z Sack,Shutdown", out _);
        SctpTags tags = default;
        for (int length = SctpHeader.SizeBytes; length <= packet.Length; length++)
        {
            fixed (byte* bytes = packet.AsSpan(0, length).ToArray())
            {
                bool isWhole = length == packet.Length || length == SctpHeader.SizeBytes + 20;
                DropReason reason = SctpTracker.Open(ref tags, (SctpHeader*)bytes, length, isWhole: true, out _);
                Assert.Equal((length, isWhole ? DropReason.SctpNotInit : DropReason.SctpChunkBad), (length, reason));
            }
        }

        foreach (ushort chunkBytes in (ushort[])[0, 1, 3, 21 + 20, ushort.MaxValue])
        {
            byte[] bad = [.. packet];
            MemoryMarshal.Write(bad.AsSpan(SctpHeader.SizeBytes + 2), Be16.FromHost(chunkBytes));
            fixed (byte* bytes = bad)
            {
                Assert.Equal(DropReason.SctpChunkBad, SctpTracker.Open(ref tags, (SctpHeader*)bytes, bad.Length, isWhole: true, out _));
            }
        }
    }

    [Fact]
    public void The_lock_of_the_union_survives_a_judgement()
    {
        TcpWindows memory = default;
        Association association = new();
        foreach (string step in s_open)
        {
            association.Step(step.Split(':')[0].Trim());
        }

        ref SctpTags tags = ref SctpTags.Of(ref memory);
        tags = association.Tags;
        TcpWindows.Enter(ref memory);
        fixed (byte* bytes = Build("> Z Data", out _))
        {
            TrackerVerdict verdict = SctpTracker.Judge(
                ref tags, SctpEstablished, Direction.Original, (SctpHeader*)bytes, SctpHeader.SizeBytes + 20, isWhole: true);
            Assert.Equal((byte)SctpEstablished, verdict.Effect);
        }

        Assert.Equal(TcpWindows.Locked, memory.Bits);
        TcpWindows.Exit(ref memory);
        Assert.Equal(0, memory.Bits);
    }

    private static void Run(string name, string[] steps)
    {
        Association association = new();
        foreach (string step in steps)
        {
            string[] halves = step.Split(':');
            string actual = association.Step(halves[0].Trim());
            Assert.True(halves[1].Trim() == actual, $"{name}, at {step}: is {actual}");
        }
    }

    private static string Name(byte effect) => effect switch
    {
        Trackers.Invalid => "-",
        Trackers.Keep => "=",
        Trackers.Reopen => "new",
        _ => s_names[(ConnectionState)effect],
    };

    /// <summary>"> TAG Chunk=TAG,Chunk/T": a direction, the header's tag (0 or a letter), its chunks with 16 bytes of value each.</summary>
    private static byte[] Build(string text, out Direction direction)
    {
        string[] words = text.Split(' ');
        direction = words[0] == ">" ? Direction.Original : Direction.Reply;
        string[] chunks = words[2].Split(',');
        byte[] packet = new byte[SctpHeader.SizeBytes + chunks.Length * 20];
        MemoryMarshal.Write(packet.AsSpan(4), Tag(words[1]));
        for (int index = 0; index < chunks.Length; index++)
        {
            Span<byte> chunk = packet.AsSpan(SctpHeader.SizeBytes + index * 20, 20);
            string[] parts = chunks[index].Split('=', '/');
            chunk[0] = (byte)Enum.Parse<SctpChunkType>(parts[0]);
            chunk[1] = (byte)(chunks[index].EndsWith("/T", StringComparison.Ordinal) ? 1 : 0);
            chunk[3] = 20;
            MemoryMarshal.Write(chunk[4..], chunks[index].Contains('=', StringComparison.Ordinal) ? Tag(parts[1]) : Tag("0"));
        }

        return packet;
    }

    private static Be32 Tag(string name) => Be32.FromHost(name == "0" ? 0 : 0xF000_0000 + name[0]);

    private sealed class Association
    {
        private SctpTags _tags;
        private ConnectionState _state;

        public SctpTags Tags => _tags;

        public string Step(string text)
        {
            byte[] packet = Build(text, out Direction direction);
            SctpTags before = _tags;
            fixed (byte* bytes = packet)
            {
                if (_state == None)
                {
                    DropReason reason = SctpTracker.Open(ref _tags, (SctpHeader*)bytes, packet.Length, isWhole: true, out _state);
                    return reason == DropReason.None ? s_names[_state] : DropReasons.Label(reason);
                }

                TrackerVerdict verdict = SctpTracker.Judge(ref _tags, _state, direction, (SctpHeader*)bytes, packet.Length, isWhole: true);
                if (!verdict.IsForwarded)
                {
                    Assert.Equal(
                        MemoryMarshal.AsBytes(new ReadOnlySpan<SctpTags>(ref before)).ToArray(),
                        MemoryMarshal.AsBytes(new ReadOnlySpan<SctpTags>(ref _tags)).ToArray());
                }

                _state = verdict.Effect < Trackers.Invalid ? (ConnectionState)verdict.Effect : _state;
                return verdict.Effect == Trackers.Invalid ? DropReasons.Label(verdict.Reason) : Name(verdict.Effect);
            }
        }
    }
}
