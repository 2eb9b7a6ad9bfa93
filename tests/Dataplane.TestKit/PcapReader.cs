using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.IO;

namespace Dataplane.TestKit;

/// <summary>Reads classic pcap of either byte order, micro- or nanoseconds, Ethernet.</summary>
public static class PcapReader
{
    /// <summary>All packets in the order of the file.</summary>
    /// <exception cref="InvalidDataException">Not such a file, or cut in the middle of a packet.</exception>
    public static IReadOnlyList<PcapRecord> ReadAll([NotNull] Stream stream)
    {
        Span<byte> header = stackalloc byte[24];
        if (stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) != header.Length)
        {
            throw new InvalidDataException("shorter than a pcap file header");
        }

        (bool isLittle, bool isNano) = BinaryPrimitives.ReadUInt32LittleEndian(header) switch
        {
            Pcap.MagicMicroseconds => (true, false),
            Pcap.MagicNanoseconds => (true, true),
            uint other when BinaryPrimitives.ReverseEndianness(other) == Pcap.MagicMicroseconds => (false, false),
            uint other when BinaryPrimitives.ReverseEndianness(other) == Pcap.MagicNanoseconds => (false, true),
            uint other => throw new InvalidDataException($"0x{other:x8} is not a pcap magic number (pcapng is not read)"),
        };
        uint linkType = Read32(header[20..], isLittle) & 0xFFFF;
        if (linkType != Pcap.LinkTypeEthernet)
        {
            throw new InvalidDataException($"link type {linkType}; only Ethernet ({Pcap.LinkTypeEthernet}) is read");
        }

        var records = new List<PcapRecord>();
        Span<byte> record = stackalloc byte[16];
        int got;
        while ((got = stream.ReadAtLeast(record, record.Length, throwOnEndOfStream: false)) == record.Length)
        {
            records.Add(ReadRecord(stream, record, isLittle, isNano, records.Count));
        }

        return got == 0 ? records : throw new InvalidDataException($"ends inside the header of packet {records.Count}");
    }

    private static PcapRecord ReadRecord(Stream stream, ReadOnlySpan<byte> header, bool isLittle, bool isNano, int index)
    {
        uint seconds = Read32(header, isLittle);
        uint fraction = Read32(header[4..], isLittle);
        uint lengthBytes = Read32(header[8..], isLittle);
        uint originalBytes = Read32(header[12..], isLittle);
        if (lengthBytes > Pcap.SnapLengthBytes || originalBytes > int.MaxValue)
        {
            throw new InvalidDataException($"packet {index} claims {lengthBytes} captured of {originalBytes} bytes");
        }

        byte[] frame = new byte[lengthBytes];
        if (stream.ReadAtLeast(frame, frame.Length, throwOnEndOfStream: false) != frame.Length)
        {
            throw new InvalidDataException($"ends inside packet {index}");
        }

        long ticks = isNano ? fraction / 100 : fraction * TimeSpan.TicksPerMicrosecond;
        return new PcapRecord(TimeSpan.FromSeconds(seconds) + TimeSpan.FromTicks(ticks), frame, (int)originalBytes);
    }

    private static uint Read32(ReadOnlySpan<byte> bytes, bool isLittle) =>
        isLittle ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
