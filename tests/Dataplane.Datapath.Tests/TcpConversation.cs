using System;
using Dataplane.Conntrack;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>A TCP connection of a client on lan to the server behind wan, through a router that masquerades: both hosts' numbers, and
/// the router's entry.</summary>
/// <remarks>Both hosts offer a window of 65,535 bytes without a scale.</remarks>
internal sealed unsafe class TcpConversation
{
    public const ushort WindowBytes = ushort.MaxValue;

    private readonly RouterBed _bed;
    private readonly ushort _clientPort;
    private uint _index;

    /// <param name="bed">Of <see cref="Network.Masquerading"/>.</param>
    /// <param name="clientPort">Of the client's; the server's is 80.</param>
    /// <param name="clientStart">The client's first sequence number.</param>
    /// <param name="serverStart">The server's.</param>
    public TcpConversation(RouterBed bed, ushort clientPort = 4000, uint clientStart = 1000, uint serverStart = 5_000_000)
    {
        _bed = bed;
        _clientPort = clientPort;
        Client = clientStart;
        Server = serverStart;
    }

    /// <summary>The client's next sequence number.</summary>
    public uint Client { get; set; }

    /// <summary>The server's next sequence number.</summary>
    public uint Server { get; set; }

    /// <summary>The port that the server knows the client by.</summary>
    public ushort OutsidePort { get; private set; }

    public ConnectionState State => Word.State;

    /// <summary>Seconds from the router's present second to the entry's deadline.</summary>
    public uint SecondsLeft => Word.DeadlineSeconds - _bed.NowSeconds - 1;

    public StateWord Word => new(Entry<Ipv4Tuple>.Head(Pointer)->State);

    /// <summary>The whole entry: tuples, state, counters and windows.</summary>
    public byte[] EntryBytes => new ReadOnlySpan<byte>(Pointer, Entry<Ipv4Tuple>.SizeBytes).ToArray();

    public TcpWindows Windows => Entry<Ipv4Tuple>.Tail(Pointer)->Windows;

    public (ulong Original, ulong Reply) Packets =>
        (Entry<Ipv4Tuple>.Tail(Pointer)->PacketsOriginal, Entry<Ipv4Tuple>.Tail(Pointer)->PacketsReply);

    private byte* Pointer => _bed.Router.Conntrack.Table->EntryAt(_index);

    /// <summary>A segment of the client's with its next numbers, unless others are given.</summary>
    public byte[] FromClient(TcpFlags flags = TcpFlags.Ack, int payload = 0, uint? sequence = null, uint? acknowledgment = null) =>
        Network.FromClient().Tcp(_clientPort, 80, flags, sequence ?? Client, acknowledgment ?? Server, WindowBytes).Payload(payload).Build();

    /// <summary>The same of the server's.</summary>
    public byte[] FromServer(TcpFlags flags = TcpFlags.Ack, int payload = 0, uint? sequence = null, uint? acknowledgment = null) =>
        Network.FromHost(Network.Wan, Network.Server, Network.WanAddress)
            .Tcp(80, OutsidePort, flags, sequence ?? Server, acknowledgment ?? Client, WindowBytes).Payload(payload).Build();

    /// <summary>Sends a segment that must reach the server, and counts the client's numbers on.</summary>
    public void ClientSays(TcpFlags flags = TcpFlags.Ack, int payload = 0)
    {
        PassesOut(FromClient(flags, payload));
        Client += Length(flags, payload);
    }

    /// <summary>Sends a segment that must reach the client, and counts the server's numbers on.</summary>
    public void ServerSays(TcpFlags flags = TcpFlags.Ack, int payload = 0)
    {
        PassesIn(FromServer(flags, payload));
        Server += Length(flags, payload);
    }

    /// <summary>Sends a frame that must leave translated by wan.</summary>
    public void PassesOut(byte[] frame)
    {
        ReferencePacket sent = new(_bed.SendForOne(Network.Lan, frame, Network.Wan));
        Assert.Equal(Network.WanAddress, sent.Source.ToString());
        OutsidePort = sent.Tuple.SourcePort.Host;
    }

    /// <summary>Sends a frame that must leave, translated back, by lan.</summary>
    public void PassesIn(byte[] frame)
    {
        ReferencePacket sent = new(_bed.SendForOne(Network.Wan, frame, Network.Lan));
        Assert.Equal($"{Network.Client} {_clientPort}", $"{sent.Destination} {sent.Tuple.DestinationPort.Host}");
    }

    /// <summary>The three-way handshake.</summary>
    public TcpConversation Open()
    {
        Begin();
        ServerSays(TcpFlags.Syn | TcpFlags.Ack);
        ClientSays();
        Assert.Equal(ConnectionState.TcpEstablished, State);
        return this;
    }

    /// <summary>The SYN alone.</summary>
    public void Begin()
    {
        byte[] syn = FromClient(TcpFlags.Syn, acknowledgment: 0);
        PassesOut(syn);
        Client++;
        Find(syn);
    }

    /// <summary>Looks the entry up again by the client's tuple: a reopened connection has another.</summary>
    public void Find(byte[] frame)
    {
        Ipv4Tuple tuple = new ReferencePacket(frame).Tuple;
        ConntrackTable<Ipv4Tuple>* table = _bed.Router.Conntrack.Table;
        EntryReference found = table->Find(&tuple, table->Hash(&tuple), _bed.NowSeconds, _bed.Router.Context(0)->Slot);
        Assert.False(found.IsNone, $"no entry of {tuple}");
        _index = found.Index;
    }

    /// <summary>FIN of the client, FIN of the server, both acknowledged.</summary>
    public void Close()
    {
        ClientSays(TcpFlags.Fin | TcpFlags.Ack);
        ServerSays();
        ServerSays(TcpFlags.Fin | TcpFlags.Ack);
        ClientSays();
        Assert.Equal(ConnectionState.TcpTimeWait, State);
    }

    private static uint Length(TcpFlags flags, int payload) =>
        (uint)payload + ((flags & TcpFlags.Syn) != 0 ? 1u : 0) + ((flags & TcpFlags.Fin) != 0 ? 1u : 0);
}
