namespace Dataplane.Lab;

/// <summary>The addresses of the lab, from the ranges of RFC 1918 (inside) and RFC 5737 (outside).</summary>
/// <remarks>
/// <code>
///   client                    router                        internet
///   10.0.0.10/24 ─── lan 10.0.0.1   wan 198.51.100.2 ─── 198.51.100.1/24
///                    dmz 10.0.9.1                         203.0.113.10/32 on its loopback
///   server              │
///   10.0.9.10/24 ───────┘
/// </code>
/// </remarks>
public static class LabAddresses
{
    public const string Client = "10.0.0.10";
    public const string Server = "10.0.9.10";

    /// <summary>The provider's side of the wan link: the router's default gateway.</summary>
    public const string Gateway = "198.51.100.1";

    /// <summary>A host beyond the gateway, reached by the default route only.</summary>
    public const string Far = "203.0.113.10";

    public const string RouterLan = "10.0.0.1";
    public const string RouterDmz = "10.0.9.1";
    public const string RouterWan = "198.51.100.2";

    /// <summary>The IPv6 side (RFC 3849), for tests that switch it on: <see cref="Topology.EnableIpv6"/>.</summary>
    public const string Client6 = "2001:db8:0:1::10";
    public const string RouterLan6 = "2001:db8:0:1::1";
    public const string Gateway6 = "2001:db8:0:2::1";
    public const string RouterWan6 = "2001:db8:0:2::2";
    public const string Far6 = "2001:db8:0:3::10";

    /// <summary>All subnets of the lab are of this length.</summary>
    public const int PrefixLength = 24;

    /// <summary>The port of <see cref="RouterWan"/> that is translated to the server's web port.</summary>
    public const int PublishedPort = 8080;

    public const int WebPort = 80;
}
