using System.Runtime.CompilerServices;
using Dataplane.Packet;

namespace Dataplane.Conntrack;

/// <content>The walk over a packet's chunks.</content>
public static unsafe partial class SctpTracker
{
    /// <summary>Chunks in front of the data that a packet may have: real ones have a handful, and each is looked at twice.</summary>
    private const int ChunksMax = 64;

    /// <summary>The state and tags with which an association, or a further path of one, begins.</summary>
    /// <param name="tags">Of an entry that no other worker sees yet; whatever stood there is overwritten.</param>
    /// <param name="packet">Its first packet: the common header.</param>
    /// <param name="lengthBytes">Of header and chunks, at least <see cref="SctpHeader.SizeBytes"/>.</param>
    /// <param name="isWhole">False for the first fragment of a packet, whose data ends in another.</param>
    /// <param name="state">The first state.</param>
    /// <returns><see cref="DropReason.None"/>, <see cref="DropReason.SctpNotInit"/>, <see cref="DropReason.SctpChunkBad"/> or
    /// <see cref="DropReason.SctpTagBad"/>.</returns>
    public static DropReason Open(
        ref SctpTags tags, SctpHeader* packet, int lengthBytes, bool isWhole, out ConnectionState state)
    {
        tags = default;
        state = ConnectionState.None;
        uint tag = packet->VerificationTag.Host;
        if (!AreSound(packet, lengthBytes, isWhole))
        {
            return DropReason.SctpChunkBad;
        }

        var chunk = (SctpChunk*)(packet + 1);
        switch (chunk->Type)
        {
            case SctpChunkType.Init when tag != 0 || chunk->InitiateTag.Host == 0:
                return DropReason.SctpTagBad;
            case SctpChunkType.Init:
                state = ConnectionState.SctpCookieWait;
                tags.Offered[0] = chunk->InitiateTag.Host;
                tags.Tags[1] = tags.Offered[0];
                return DropReason.None;
            case SctpChunkType.Heartbeat when tag != 0:
                state = ConnectionState.SctpHeartbeatSent;
                tags.Tags[0] = tag;
                return DropReason.None;
            default:
                return DropReason.SctpNotInit;
        }
    }

    /// <summary>What a packet does to its association; the tags change only if it is accepted.</summary>
    /// <param name="tags">Locked unless one worker owns the connection.</param>
    /// <param name="state">Of the entry's state word.</param>
    /// <param name="direction">Of the packet.</param>
    /// <param name="packet">The common header.</param>
    /// <param name="lengthBytes">Of header and chunks, at least <see cref="SctpHeader.SizeBytes"/>.</param>
    /// <param name="isWhole">False for the first fragment of a packet, whose data ends in another.</param>
    [MethodImpl(MethodImplOptions.NoInlining)] // One call for each packet; its body would bloat the pass.
    public static TrackerVerdict Judge(
        ref SctpTags tags, ConnectionState state, Direction direction, SctpHeader* packet, int lengthBytes, bool isWhole)
    {
        if (!AreSound(packet, lengthBytes, isWhole))
        {
            return TrackerVerdict.Invalid(DropReason.SctpChunkBad);
        }

        SctpTags changed = tags;
        ConnectionState reached = state;
        bool isRefreshed = false;
        bool isVouched = false;
        byte* end = (byte*)packet + lengthBytes;
        for (byte* at = (byte*)(packet + 1); at < end; at = Behind(at))
        {
            var chunk = (SctpChunk*)at;
            if (!isVouched && !Fits(ref changed, reached, direction, packet->VerificationTag.Host, chunk))
            {
                return TrackerVerdict.Invalid(DropReason.SctpTagBad);
            }

            byte next = Transition(direction, chunk->Type, reached);
            if (next is Trackers.Invalid or Trackers.Reopen)
            {
                return next == Trackers.Reopen ? TrackerVerdict.Reopen : TrackerVerdict.Invalid(DropReason.SctpStateInvalid);
            }

            if (next != Trackers.Keep)
            {
                reached = (ConnectionState)next;
                isRefreshed = true;
            }

            if (IsData(chunk->Type))
            {
                break;
            }

            // What is bundled with a cookie belongs to the handshake whose tag the packet carries.
            isVouched = chunk->Type == SctpChunkType.CookieEcho || isVouched;
        }

        tags = changed;
        return isRefreshed ? TrackerVerdict.Next((byte)reached) : TrackerVerdict.Keep;
    }

    /// <summary>Whether the tag is one that such a chunk may come with (RFC 9260 §8.5); takes note of new ones.</summary>
    private static bool Fits(ref SctpTags tags, ConnectionState state, Direction direction, uint tag, SctpChunk* chunk)
    {
        int own = (int)direction;
        int peer = own ^ 1;
        switch (chunk->Type)
        {
            case SctpChunkType.Init:
                return tag == 0 && Offer(ref tags, state, direction, chunk->InitiateTag.Host);

            case SctpChunkType.InitAck:
                if (tag == 0 || tag != tags.Offered[peer] || chunk->InitiateTag.Host == 0)
                {
                    return false;
                }

                tags.Answered[own] = chunk->InitiateTag.Host;
                return true;

            case SctpChunkType.CookieEcho:
                return tag != 0 && (tag == tags.Answered[peer] || tag == tags.Tags[own]) && Echo(ref tags, state, own, tag);

            case SctpChunkType.CookieAck:
                return tag != 0 && (tag == tags.Tags[own] || tag == tags.Offered[peer]) && Confirm(ref tags, own, tag);

            case SctpChunkType.Abort or SctpChunkType.ShutdownComplete:
                uint expected = (chunk->Flags & SctpChunk.TagReflected) != 0 ? tags.Tags[peer]
                    : tags.Tags[own] != 0 ? tags.Tags[own]
                    : tags.Answered[peer];
                return tag != 0 && tag == expected;

            default:
                if (tags.Tags[own] == 0 && state == ConnectionState.SctpHeartbeatSent)
                {
                    // The other side of a path without INIT.
                    tags.Tags[own] = tag;
                }

                return tag != 0 && tag == tags.Tags[own];
        }
    }

    /// <summary>An INIT: of the first handshake its tag is the association's at once, since nothing else is known.</summary>
    private static bool Offer(ref SctpTags tags, ConnectionState state, Direction direction, uint initiateTag)
    {
        int own = (int)direction;
        tags.Offered[own] = initiateTag;
        if (direction == Direction.Original && (state is ConnectionState.SctpCookieWait or ConnectionState.SctpHeartbeatSent))
        {
            tags.Tags[own ^ 1] = initiateTag;
        }

        return initiateTag != 0;
    }

    /// <summary>A COOKIE ECHO: while no association is up its tag is the one from now on.</summary>
    private static bool Echo(ref SctpTags tags, ConnectionState state, int own, uint tag)
    {
        if (state is ConnectionState.SctpCookieWait or ConnectionState.SctpCookieEchoed)
        {
            tags.Tags[own] = tag;
            tags.Tags[own ^ 1] = tags.Offered[own];
        }

        return true;
    }

    /// <summary>A COOKIE ACK: its sender has accepted the cookie, so that the tags of that handshake are in force.</summary>
    private static bool Confirm(ref SctpTags tags, int own, uint tag)
    {
        if (tag == tags.Offered[own ^ 1] && tags.Answered[own] != 0)
        {
            tags.Tags[own] = tag;
            tags.Tags[own ^ 1] = tags.Answered[own];
        }

        return true;
    }

    /// <summary>Whether every chunk up to the first DATA is complete and stands where it may.</summary>
    private static bool AreSound(SctpHeader* packet, int lengthBytes, bool isWhole)
    {
        byte* first = (byte*)(packet + 1);
        byte* end = (byte*)packet + lengthBytes;
        if (end - first < SctpChunk.HeaderSizeBytes)
        {
            return false;
        }

        int count = 0;
        for (byte* at = first; at < end; at = Behind(at))
        {
            if (++count > ChunksMax)
            {
                return false;
            }

            var chunk = (SctpChunk*)at;
            if (!isWhole && end - at >= SctpChunk.HeaderSizeBytes && IsData(chunk->Type))
            {
                break;
            }

            if (end - at < SctpChunk.HeaderSizeBytes || chunk->LengthBytes.Host < SctpChunk.HeaderSizeBytes
                || chunk->LengthBytes.Host > end - at || !IsPlacedWell(chunk, at == first, Behind(at) >= end))
            {
                return false;
            }

            if (IsData(chunk->Type))
            {
                break;
            }
        }

        return true;
    }

    private static bool IsPlacedWell(SctpChunk* chunk, bool isFirst, bool isLast) => chunk->Type switch
    {
        SctpChunkType.Init or SctpChunkType.InitAck => isFirst && isLast && chunk->LengthBytes.Host >= SctpChunk.InitSizeBytes,
        SctpChunkType.ShutdownComplete => isFirst && isLast,
        SctpChunkType.CookieEcho or SctpChunkType.CookieAck => isFirst,
        _ => true,
    };

    private static bool IsData(SctpChunkType type) => type is SctpChunkType.Data or SctpChunkType.IData;

    /// <summary>The next chunk: lengths do not count the padding to four bytes.</summary>
    private static byte* Behind(byte* chunk) => chunk + ((((SctpChunk*)chunk)->LengthBytes.Host + 3) & ~3);
}
