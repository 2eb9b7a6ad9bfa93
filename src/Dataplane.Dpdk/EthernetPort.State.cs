using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Dataplane.Packet;

namespace Dataplane.Dpdk;

public sealed unsafe partial class EthernetPort
{
    private const int XstatNameBytes = 64;
    private const int XstatsMax = 4096; // ten times what the richest driver has

    /// <summary>The device's Ethernet address.</summary>
    public MacAddress Mac
    {
        get
        {
            MacAddress mac;
            ulong position = EalLog.Position;
            Check(Native.dp_port_mac(_members[0].Port, &mac), "MAC address", position);
            return mac;
        }
    }

    /// <summary>Bytes of layer 3. Setting it may need a stopped port; AF_XDP and AF_PACKET set the kernel interface's.</summary>
    /// <exception cref="DpdkException">The device refuses the value.</exception>
    public int Mtu
    {
        get
        {
            ushort mtu;
            ulong position = EalLog.Position;
            Check(Native.dp_port_mtu(_members[0].Port, &mtu), "MTU", position);
            return mtu;
        }

        set
        {
            foreach (Member member in _members)
            {
                ulong position = EalLog.Position;
                Check(Native.dp_port_set_mtu(member.Port, checked((ushort)value)), $"MTU {value}", position);
            }
        }
    }

    /// <summary>Take frames for any address, or only for the port's own.</summary>
    public void SetPromiscuous(bool on)
    {
        foreach (Member member in _members)
        {
            ulong position = EalLog.Position;
            int result = Native.dp_port_set_promiscuous(member.Port, on ? 1u : 0u);
            if (result != -Errno.NotSupported) // null, ring, pcap: nothing is filtered there
            {
                Check(result, "promiscuous mode", position);
            }
        }

        _promiscuous = on;
    }

    /// <summary>Lets multicast frames in, by the switch for them or else by the one for all frames.</summary>
    private void TakeMulticast()
    {
        foreach (Member member in _members)
        {
            ulong position = EalLog.Position;
            int result = Native.dp_port_set_multicast(member.Port, 1);
            if (result == -Errno.NotSupported)
            {
                SetPromiscuous(true);
                return;
            }

            Check(result, "all multicast frames", position);
        }
    }

    /// <summary>Up when every member is; does not wait for negotiation.</summary>
    public LinkStatus Link()
    {
        LinkStatus status = default;
        for (int index = 0; index < _members.Count; index++)
        {
            NativePortLink link;
            ulong position = EalLog.Position;
            Check(Native.dp_port_link(_members[index].Port, &link), "link", position);
            uint? speed = link.SpeedMbps == uint.MaxValue ? null : link.SpeedMbps;
            bool up = link.Up != 0 && (index == 0 || status.IsUp);
            status = new LinkStatus(up, speed, link.FullDuplex != 0, link.Autonegotiated != 0);
        }

        return status;
    }

    /// <summary>Counters, summed over the members.</summary>
    public PortStatistics Statistics()
    {
        PortStatistics sum = default;
        foreach (Member member in _members)
        {
            PortStatistics one;
            ulong position = EalLog.Position;
            Check(Native.dp_port_stats(member.Port, &one), "statistics", position);
            sum = sum.Plus(one);
        }

        return sum;
    }

    /// <summary>Sets the counters to zero.</summary>
    public void ResetStatistics()
    {
        foreach (Member member in _members)
        {
            ulong position = EalLog.Position;
            Check(Native.dp_port_reset_stats(member.Port), "resetting statistics", position);
        }
    }

    /// <summary>The driver's own counters by the driver's names, summed over the members.</summary>
    public IReadOnlyDictionary<string, ulong> ExtendedStatistics()
    {
        Dictionary<string, ulong> sum = [];
        byte[] names = new byte[XstatsMax * XstatNameBytes];
        ulong[] values = new ulong[XstatsMax];
        foreach (Member member in _members)
        {
            ulong position = EalLog.Position;
            int count;
            fixed (byte* namesPointer = names)
            fixed (ulong* valuesPointer = values)
            {
                count = Native.dp_port_xstats(member.Port, namesPointer, valuesPointer, XstatsMax);
            }

            Check(count, "extended statistics", position);
            for (int index = 0; index < Math.Min(count, XstatsMax); index++)
            {
                ReadOnlySpan<byte> text = names.AsSpan(index * XstatNameBytes, XstatNameBytes);
                int end = text.IndexOf((byte)0);
                string name = Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
                sum[name] = sum.GetValueOrDefault(name) + values[index];
            }
        }

        return sum;
    }

    /// <summary>Resets stopped devices to their state after probing; configure again afterwards.</summary>
    /// <exception cref="DpdkException">The driver cannot; most virtual devices cannot.</exception>
    public void Reset()
    {
        foreach (ushort port in _members.Select(member => member.Port))
        {
            ulong position = EalLog.Position;
            Check(Native.dp_port_reset(port), "reset", position);
        }
    }
}
