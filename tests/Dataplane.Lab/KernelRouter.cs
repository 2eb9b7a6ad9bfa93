namespace Dataplane.Lab;

/// <summary>
/// The same task done by Linux: forwarding, netfilter masquerade and DNAT in the router's namespace. A check that fails
/// here is a fault of the check or of the lab, not of the router under test.
/// </summary>
public sealed class KernelRouter(Topology topology) : Router
{
    private static readonly string s_rules = $$"""
        table ip lab {
            chain prerouting {
                type nat hook prerouting priority dstnat
                iifname "{{Topology.WanInterface}}" ip daddr {{LabAddresses.RouterWan}} \
                    tcp dport {{LabAddresses.PublishedPort}} dnat to {{LabAddresses.Server}}:{{LabAddresses.WebPort}}
            }
            chain postrouting {
                type nat hook postrouting priority srcnat
                iifname "{{Topology.LanInterface}}" oifname "{{Topology.WanInterface}}" masquerade
            }
            chain forward {
                type filter hook forward priority filter; policy drop
                ct state established,related accept
                iifname "{{Topology.LanInterface}}" accept
                iifname "{{Topology.WanInterface}}" ip daddr {{LabAddresses.Server}} tcp dport {{LabAddresses.WebPort}} accept
            }
        }
        table ip6 lab {
            chain forward {
                type filter hook forward priority filter; policy drop
                ct state established,related accept
                iifname "{{Topology.LanInterface}}" accept
            }
        }

        """;

    /// <inheritdoc/>
    public override string Description => "Linux netfilter";

    /// <inheritdoc/>
    public override void Start()
    {
        NetworkNamespace router = topology.Router;
        Address(router, Topology.LanInterface, LabAddresses.RouterLan);
        Address(router, Topology.DmzInterface, LabAddresses.RouterDmz);
        Address(router, Topology.WanInterface, LabAddresses.RouterWan);
        router.Ip("route", "add", "default", "via", LabAddresses.Gateway);
        Address6(router, Topology.LanInterface, LabAddresses.RouterLan6);
        Address6(router, Topology.WanInterface, LabAddresses.RouterWan6);
        router.Ip("-6", "route", "add", "default", "via", LabAddresses.Gateway6);
        router.RunWithInput(s_rules, "nft", "-f", "-").OrThrow();
        router.Write("/proc/sys/net/ipv4/ip_forward", "1");
        router.Write("/proc/sys/net/ipv6/conf/all/forwarding", "1");
    }

    // The rules and addresses go with the namespace.
    protected override void Dispose(bool disposing)
    {
    }

    private static void Address(NetworkNamespace router, string device, string address)
    {
        router.Ip("link", "set", device, "arp", "on");
        router.Ip("addr", "add", $"{address}/{LabAddresses.PrefixLength}", "dev", device);
    }

    private static void Address6(NetworkNamespace router, string device, string address)
    {
        router.Write($"/proc/sys/net/ipv6/conf/{device}/disable_ipv6", "0");
        router.Ip("-6", "addr", "add", address + "/64", "dev", device, "nodad");
    }
}
