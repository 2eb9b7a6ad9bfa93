using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Nat;

/// <summary>Goes through source addresses and ports until the reply tuple is one that nobody uses.</summary>
/// <remarks>
/// <para>
/// The address follows from a keyed hash of the inside address, so that a host keeps one outside address for all its
/// connections (RFC 4787 REQ-2, paired pooling); when that address has no port left for a destination the next ones are tried
/// (RFC 7857 §4). The port is a random start and then every port behind it, a bounded number in all: the search is exhaustive
/// where one address has at most <see cref="TriesMax"/> ports; of several addresses the paired one gets most of the tries.
/// </para>
/// <para>
/// A port may serve several connections as long as their destinations differ: only the whole reply tuple must be unique.
/// Whether it is, decides the insertion under the table's locks; a look-up before it only avoids hopeless attempts. So the search proposes,
/// and does not look: who has many to open asks for the first candidates of all in advance.
/// </para>
/// <para>
/// SCTP begins its search at the port that it has: then a fragment's CRC32c needs no change
/// (<see cref="Rewriter.CheckFirstFragment"/>), and its verification tags, not the port, are what an outsider has to guess.
/// A protocol without ports has the address alone to be told apart by: one host at a time for each outside address and remote end, or one
/// for each GRE key.
/// </para>
/// </remarks>
public unsafe struct PortSearch
{
    /// <summary>Ports looked at for one connection.</summary>
    public const int TriesMax = 128;

    private const uint AddressesMax = 4;
    private const int TriesPerSpareAddress = 16;

    /// <summary>Draws for a start outside reserved ranges: where they are nine tenths of all ports, five of six succeed.</summary>
    private const int DrawsMax = 16;

    private PortSelection _selection;
    private uint _first;
    private uint _addresses;
    private uint _addressesBegun;
    private Ipv4Address _address;
    private uint _start;
    private int _triesOfAddress;
    private int _triesLeft;
    private ushort _own;
    private bool _hasPort;

    /// <summary>Begins a search.</summary>
    /// <param name="table">Whose key pairs addresses.</param>
    /// <param name="selection">What to choose from.</param>
    /// <param name="inside">The address that is translated, for pairing.</param>
    /// <param name="reply">The untranslated reply tuple, its destination port what the sender has.</param>
    public void Begin(ConntrackTable<Ipv4Tuple>* table, in PortSelection selection, Ipv4Address inside, in Ipv4Tuple reply)
    {
        uint addressCount = selection.AddressCount;
        _selection = selection;
        _hasPort = HasPort(reply.Protocol);
        _first = addressCount == 1 ? 0 : PairedAddress(table, inside, addressCount);
        _addresses = Math.Min(addressCount, _hasPort ? AddressesMax : TriesMax);
        _addressesBegun = 0;
        _triesOfAddress = 0;
        _triesLeft = TriesMax;
        _own = reply.DestinationPort.Host;
    }

    /// <summary>Writes the next candidate's address and, where the protocol has ports, port into a reply tuple's destination.</summary>
    /// <param name="random">The calling worker's generator.</param>
    /// <param name="reply">The tuple given to <see cref="Begin"/>.</param>
    /// <returns>False when there are no more.</returns>
    public bool TryNext(PortRandom* random, ref Ipv4Tuple reply)
    {
        if (!_hasPort)
        {
            return TryNextAddress(ref reply);
        }

        while (true)
        {
            if (_triesOfAddress == 0 && !TryBeginAddress(random, reply.Protocol))
            {
                return false;
            }

            _triesOfAddress--;
            ushort port = (ushort)(_selection.PortLow + _start++ % _selection.PortCount);
            ushort behind = _selection.BehindReserved(_address, reply.Protocol, port);
            if (behind == port)
            {
                reply = reply.WithDestination(_address, Be16.FromHost(port));
                return true;
            }

            // A published range is left in one step, not port by port.
            _start += (uint)(behind == 0 || behind > _selection.PortHigh ? _selection.PortHigh - port : behind - port - 1);
        }
    }

    private bool TryBeginAddress(PortRandom* random, byte protocol)
    {
        if (_addressesBegun == _addresses || _triesLeft <= 0)
        {
            return false;
        }

        // The paired address may use up the whole budget but for a few looks at each of the others.
        int reserve = (int)(_addresses - 1 - _addressesBegun) * TriesPerSpareAddress;
        uint ports = _selection.PortCount;
        _triesOfAddress = (int)Math.Min(ports, (uint)(_triesLeft - reserve));
        _triesLeft -= _triesOfAddress;
        _address = _selection.AddressAt(_first + _addressesBegun++);
        uint kept = (uint)(_own - _selection.PortLow);
        _start = protocol == IpProtocol.Sctp && kept < ports ? kept : Draw(random, ports, protocol);
        return true;
    }

    /// <summary>A random start that may be given out, so that the port behind a published range is not the likeliest of all.</summary>
    private readonly uint Draw(PortRandom* random, uint ports, byte protocol)
    {
        uint start = random->Below(ports);
        for (int draw = 1; draw < DrawsMax; draw++)
        {
            ushort port = (ushort)(_selection.PortLow + start);
            if (_selection.BehindReserved(_address, protocol, port) == port)
            {
                break;
            }

            start = random->Below(ports);
        }

        return start;
    }

    /// <summary>The paired address or else the next one; the tuple's ports stay.</summary>
    private bool TryNextAddress(ref Ipv4Tuple reply)
    {
        while (_addressesBegun < _addresses)
        {
            Ipv4Address address = _selection.AddressAt(_first + _addressesBegun++);
            if (!_selection.IsPublished(address, reply.Protocol))
            {
                reply = reply.WithDestination(address, reply.DestinationPort);
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether there is a number that translation may change: a port, or the id of an ICMP query.</summary>
    private static bool HasPort(byte protocol) => RuleMatch.HasPorts(protocol) || protocol == IpProtocol.Icmp;

    private static uint PairedAddress(ConntrackTable<Ipv4Tuple>* table, Ipv4Address inside, uint addressCount)
    {
        Ipv4Tuple key = Unsafe.BitCast<Vector128<uint>, Ipv4Tuple>(Vector128.CreateScalar(inside.Raw));
        return (uint)((table->Hash(&key) >> 32) * addressCount >> 32);
    }
}
