using System;

namespace Dataplane.Lab;

/// <summary>How the router takes frames from the kernel's interfaces.</summary>
public enum DeviceKind
{
    /// <summary>AF_XDP sockets: one per queue, an XDP program on the interface.</summary>
    AfXdp,

    /// <summary>AF_PACKET rings: works on every kernel, slower.</summary>
    AfPacket,
}

/// <summary>The configuration's word for each <see cref="DeviceKind"/>.</summary>
public static class DeviceKinds
{
    public static string Prefix(this DeviceKind kind) => kind switch
    {
        DeviceKind.AfXdp => "af_xdp",
        DeviceKind.AfPacket => "af_packet",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a device kind"),
    };
}
