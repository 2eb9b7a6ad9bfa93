using System;
using System.Collections.Immutable;
using System.Linq;
using Dataplane.Control.Configuration;
using Dataplane.Packet;

namespace Dataplane.Control.Planning;

/// <summary>All IPv6 addresses of a port, with the one that it makes itself.</summary>
public static class PortAddresses
{
    /// <param name="port">As configured.</param>
    /// <param name="mac">The address frames are sent from.</param>
    /// <returns>Those of the configuration in their order, then a link-local one if the port has IPv6 and none is configured.</returns>
    public static ImmutableArray<Ipv6Prefix> Ipv6(PortConfiguration port, MacAddress mac)
    {
        ArgumentNullException.ThrowIfNull(port);
        bool needsOne = port.Ipv6 && !port.Addresses6.Any(own => own.Address.IsLinkLocal);
        return needsOne
            ? port.Addresses6.Add(new Ipv6Prefix(LinkLocalAddress.Of(mac), LinkLocalAddress.PrefixLength))
            : port.Addresses6;
    }
}
