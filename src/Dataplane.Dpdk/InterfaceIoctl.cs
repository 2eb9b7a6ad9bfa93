using System;
using System.Collections.Generic;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Dataplane.Dpdk;

/// <summary>Reads one interface by ioctl (netdevice(7), linux/ethtool.h) in the network namespace of the socket.</summary>
internal sealed unsafe partial class InterfaceIoctl
{
    internal const int FlagUp = 0x1;      // IFF_UP
    internal const int FlagNoArp = 0x80;  // IFF_NOARP

    private const int NameBytes = 16;     // IFNAMSIZ
    private const nuint GetFlags = 0x8913; // SIOCGIFFLAGS
    private const nuint GetMtu = 0x8921;   // SIOCGIFMTU
    private const nuint Ethtool = 0x8946;  // SIOCETHTOOL

    private const uint GetDriverInfo = 0x03; // ETHTOOL_GDRVINFO
    private const uint GetDeviceFlags = 0x25; // ETHTOOL_GFLAGS
    private const uint DeviceFlagLro = 1 << 15; // ETH_FLAG_LRO
    private const uint GetChannels = 0x3c;   // ETHTOOL_GCHANNELS
    private const int DriverInfoBytes = 196; // struct ethtool_drvinfo: cmd, driver[32] at 4, …

    // One getter and the ethtool -K name for each offload that changes what a packet looks like.
    private static readonly (uint Command, string Name)[] Getters =
    [
        (0x14, "rx"),  // ETHTOOL_GRXCSUM
        (0x16, "tx"),  // ETHTOOL_GTXCSUM
        (0x1e, "tso"), // ETHTOOL_GTSO
        (0x23, "gso"), // ETHTOOL_GGSO
        (0x2b, "gro"), // ETHTOOL_GGRO
    ];

    private readonly Socket _socket;
    private readonly string _name;

    internal InterfaceIoctl(Socket socket, string name)
    {
        _socket = socket;
        _name = name;
    }

    /// <summary>IFF_* flags; false when there is no such interface.</summary>
    internal bool TryFlags(out int flags)
    {
        Request request = default;
        bool found = Call(GetFlags, &request);
        flags = request.Flags;
        return found;
    }

    /// <summary>Bytes of layer 3; 0 when the interface is gone.</summary>
    internal int Mtu()
    {
        Request request = default;
        return Call(GetMtu, &request) ? request.Mtu : 0;
    }

    /// <summary>Receive channels, and whether ethtool sets them combined; 1 for an interface without the notion.</summary>
    internal (int Count, bool Combined) Channels()
    {
        ChannelCounts channels = new() { Command = GetChannels };
        if (!CallEthtool(&channels))
        {
            return (1, false);
        }

        bool combined = channels.CombinedCount > 0;
        uint count = channels.CombinedCount + channels.RxCount;
        return ((int)Math.Max(count, 1), combined);
    }

    /// <summary>Kernel driver: "veth"; empty when it does not say.</summary>
    internal string Driver()
    {
        byte* info = stackalloc byte[DriverInfoBytes];
        new Span<byte>(info, DriverInfoBytes).Clear();
        *(uint*)info = GetDriverInfo;
        return CallEthtool(info) ? Marshal.PtrToStringUTF8((nint)(info + sizeof(uint))) ?? string.Empty : string.Empty;
    }

    /// <summary>ethtool -K names of the offloads that are on.</summary>
    internal IReadOnlyList<string> Offloads()
    {
        List<string> on = [];
        foreach ((uint command, string name) in Getters)
        {
            if (Value(command) != 0)
            {
                on.Add(name);
            }
        }

        if ((Value(GetDeviceFlags) & DeviceFlagLro) != 0)
        {
            on.Add("lro");
        }

        return on;
    }

    /// <summary>struct ethtool_value; 0 when the interface lacks the command.</summary>
    private uint Value(uint command)
    {
        ulong value = command;
        return CallEthtool(&value) ? (uint)(value >> 32) : 0;
    }

    private bool CallEthtool(void* data)
    {
        Request request = new() { Data = data };
        return Call(Ethtool, &request);
    }

    private bool Call(nuint command, Request* request)
    {
        Span<byte> name = new(request->Name, NameBytes);
        name.Clear();
        if (Encoding.UTF8.GetByteCount(_name) >= NameBytes)
        {
            return false;
        }

        Encoding.UTF8.GetBytes(_name, name);
        return ioctl((int)_socket.Handle, command, request) == 0;
    }

    // ioctl(2) is variadic in C; on the ABIs of Linux an integer or pointer argument is passed the same way.
    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ioctl(int descriptor, nuint request, void* argument);

    /// <summary>struct ifreq: 16 bytes of name, 24 bytes of union.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 40)]
    private struct Request
    {
        [FieldOffset(0)] public fixed byte Name[NameBytes];
        [FieldOffset(16)] public short Flags;
        [FieldOffset(16)] public int Mtu;
        [FieldOffset(16)] public void* Data;
    }

    /// <summary>struct ethtool_channels.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ChannelCounts
    {
        public uint Command;
        public uint RxMax;
        public uint TxMax;
        public uint OtherMax;
        public uint CombinedMax;
        public uint RxCount;
        public uint TxCount;
        public uint OtherCount;
        public uint CombinedCount;
    }
}
