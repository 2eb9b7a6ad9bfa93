using System;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO;

namespace Dataplane.TestKit;

/// <summary>Writes classic pcap, little-endian, microseconds, Ethernet (draft-ietf-opsawg-pcap); wireshark and tcpdump read it.</summary>
public sealed class PcapWriter : IDisposable
{
    private readonly Stream _stream;

    /// <summary>Writes the file header; the stream is closed with the writer.</summary>
    public PcapWriter([NotNull] Stream stream)
    {
        _stream = stream;
        Span<byte> header = stackalloc byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(header, Pcap.MagicMicroseconds);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        header[8..16].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], Pcap.SnapLengthBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], Pcap.LinkTypeEthernet);
        _stream.Write(header);
    }

    /// <exception cref="ArgumentException">The frame is longer than the capture's limit, or the time does not fit.</exception>
    public void Write(ReadOnlySpan<byte> frame, TimeSpan time = default)
    {
        if (frame.Length > Pcap.SnapLengthBytes || time < TimeSpan.Zero || time.TotalSeconds > uint.MaxValue)
        {
            throw new ArgumentException($"a frame of {frame.Length} bytes at {time} does not fit a capture", nameof(frame));
        }

        Span<byte> header = stackalloc byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)(time.Ticks / TimeSpan.TicksPerSecond));
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], (uint)(time.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond));
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], frame.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], frame.Length);
        _stream.Write(header);
        _stream.Write(frame);
    }

    public void Dispose() => _stream.Dispose();
}
