using System.Runtime.CompilerServices;
using Dataplane.Packet;

namespace Dataplane.Conntrack;

/// <summary>What tracking reads of a TCP segment; numbers in host order.</summary>
/// <remarks>Valid while the packet is: options are read from its header, and only when somebody asks.</remarks>
public readonly unsafe struct TcpSegment
{
    /// <summary>No-operation, no-operation, timestamps of ten bytes: the layout of nearly all options (RFC 7323 appendix A).</summary>
    public const uint TimestampsOnly = 0x0101_080A;

    private const byte OptionEnd = 0;
    private const byte OptionNone = 1;
    private const byte OptionWindowScale = 3;
    private const byte OptionSack = 5;

    private readonly TcpHeader* _header;

    /// <summary>Of the first byte; of the SYN where there is one.</summary>
    public readonly uint Sequence;

    /// <summary>One behind the last byte; SYN and FIN count one each (RFC 9293 §3.4).</summary>
    public readonly uint End;

    /// <summary>Meaningless unless <see cref="Flags"/> has ACK.</summary>
    public readonly uint Acknowledgment;

    /// <summary>As it stands in the header, unscaled.</summary>
    public readonly ushort Window;

    public readonly TcpFlags Flags;

    private TcpSegment(TcpHeader* header, int payloadBytes)
    {
        _header = header;
        Flags = header->Flags;
        Sequence = header->Sequence.Host;

        // SYN is bit 1 and FIN bit 0.
        End = Sequence + (uint)payloadBytes + ((uint)Flags & 1) + ((uint)Flags >> 1 & 1);
        Acknowledgment = header->Acknowledgment.Host;
        Window = header->Window.Host;
    }

    /// <summary>Whether it occupies sequence numbers, so that a peer must acknowledge it.</summary>
    public bool HasLength => End != Sequence;

    /// <summary>Views a segment whose data offset the parser has compared with the packet.</summary>
    /// <param name="header">The header, all of whose options are in the buffer.</param>
    /// <param name="payloadBytes">Bytes behind it.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TcpSegment Read(TcpHeader* header, int payloadBytes) => new(header, payloadBytes);

    /// <summary>The window shift that a SYN offers, at most 14 (RFC 7323 §2.3); without the option <see
    /// cref="TcpWindows.ScaleNone"/>.</summary>
    public int OfferedScale()
    {
        byte* option = FindOption(OptionWindowScale, 3);
        return option == null ? TcpWindows.ScaleNone : option[2] > TcpWindows.ScaleMax ? TcpWindows.ScaleMax : option[2];
    }

    /// <summary>The acknowledgment, or the right edge of the highest selectively acknowledged block if that is higher
    /// (RFC 2018 §3).</summary>
    public uint HighestAcknowledged()
    {
        uint highest = Acknowledgment;
        if (_header->OffsetAndReserved >> 4 <= 5 || (HasTimestampsOnly(_header) && _header->OffsetAndReserved >> 4 == 8))
        {
            return highest;
        }

        byte* option = FindOption(OptionSack, 10);
        if (option != null)
        {
            for (int offset = 2; offset + 8 <= option[1]; offset += 8)
            {
                uint right = Unsafe.ReadUnaligned<Be32>(option + offset + 4).Host;
                highest = (int)(right - highest) > 0 ? right : highest;
            }
        }

        return highest;
    }

    /// <summary>Whether the first option word begins a lone timestamps option; the header must have one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool HasTimestampsOnly(TcpHeader* header) =>
        Unsafe.ReadUnaligned<Be32>((byte*)header + TcpHeader.SizeBytes) == Be32.FromHost(TimestampsOnly);

    /// <summary>The first option of a kind, complete and of at least <paramref name="bytesMin"/> bytes; null when there is none.</summary>
    /// <remarks>A length below two or beyond the header ends the walk: nothing behind it can be told apart.</remarks>
    private byte* FindOption(byte kind, int bytesMin)
    {
        byte* option = (byte*)_header + TcpHeader.SizeBytes;
        byte* end = (byte*)_header + _header->HeaderLengthBytes;
        while (option < end && *option != OptionEnd)
        {
            if (*option == OptionNone)
            {
                option++;
                continue;
            }

            if (end - option < 2 || option[1] < 2 || option[1] > end - option)
            {
                return null;
            }

            if (*option == kind && option[1] >= bytesMin)
            {
                return option;
            }

            option += option[1];
        }

        return null;
    }
}
