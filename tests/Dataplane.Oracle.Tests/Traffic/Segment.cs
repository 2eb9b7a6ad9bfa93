using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using Dataplane.Packet;

namespace Dataplane.Oracle.Tests;

/// <summary>A TCP segment of a comparison; numbers are absolute.</summary>
internal sealed record Segment(Side Side, TcpFlags Flags, uint Sequence, uint Acknowledgment)
{
    public int PayloadBytes { get; init; }

    /// <summary>As in the header, unscaled.</summary>
    public ushort Window { get; init; } = 1000;

    /// <summary>A window shift to offer; -1 none.</summary>
    public int Scale { get; init; } = -1;

    /// <summary>Edges of one block to acknowledge selectively; equal for none.</summary>
    public (uint Left, uint Right) Sack { get; init; }

    public bool HasTimestamps { get; init; }

    public bool HasBadChecksum { get; init; }

    /// <summary>SFRP… as in scripts, and what the tracker's tables tell apart: "SYN", "SYN-ACK", "FIN", "RST", "ACK", or "none".</summary>
    public string Class => (Flags & TcpFlags.Rst) != 0 ? "RST"
        : (Flags & TcpFlags.Syn) != 0 ? (Flags & TcpFlags.Ack) != 0 ? "SYN-ACK" : "SYN"
        : (Flags & TcpFlags.Fin) != 0 ? "FIN"
        : (Flags & TcpFlags.Ack) != 0 ? "ACK" : "none";

    /// <summary>The segment as a packet of a flow.</summary>
    public Stimulus Of(Flow flow) => new(Side, ToString(), Class, client => Frame(flow, client));

    public override string ToString()
    {
        string flags = Letters(Flags);
        string sack = Sack.Left == Sack.Right ? "" : $" sack={Sack.Left}..{Sack.Right}";
        string scale = Scale < 0 ? "" : $" ws={Scale}";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{flags} {Sequence} a={Acknowledgment} l={PayloadBytes} w={Window}{scale}{sack}{(HasTimestamps ? " ts" : "")}{(HasBadChecksum ? " bad" : "")}");
    }

    private byte[] Frame(Flow flow, Endpoint client)
    {
        (ushort source, ushort destination) = Side == Side.Lan ? (client.Port, flow.Server.Port) : (flow.Server.Port, client.Port);
        byte[] frame = Stimulus.Envelope(flow, Side, client)
            .Tcp(source, destination, Flags, Sequence, Acknowledgment, Window, Options())
            .Payload(PayloadBytes)
            .Build();
        if (HasBadChecksum)
        {
            frame[(flow.IsIpv6 ? 54 : 34) + TcpHeader.ChecksumOffset] ^= 0x10;
        }

        return frame;
    }

    private byte[] Options()
    {
        List<byte> options = [];
        if ((Flags & TcpFlags.Syn) != 0)
        {
            options.AddRange([2, 4, 0x05, 0xB4, 4, 2]);
        }

        if (Scale >= 0)
        {
            options.AddRange([3, 3, (byte)Scale, 1]);
        }

        if (HasTimestamps)
        {
            options.AddRange([1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 1]);
        }

        if (Sack.Left != Sack.Right)
        {
            byte[] block = [1, 1, 5, 10, 0, 0, 0, 0, 0, 0, 0, 0];
            BinaryPrimitives.WriteUInt32BigEndian(block.AsSpan(4), Sack.Left);
            BinaryPrimitives.WriteUInt32BigEndian(block.AsSpan(8), Sack.Right);
            options.AddRange(block);
        }

        return [.. options];
    }

    private static string Letters(TcpFlags flags)
    {
        string letters = "";
        foreach ((TcpFlags flag, char letter) in TcpScript.Letters)
        {
            letters += (flags & flag) != 0 ? letter : "";
        }

        return letters.Length == 0 ? "0" : letters;
    }
}
