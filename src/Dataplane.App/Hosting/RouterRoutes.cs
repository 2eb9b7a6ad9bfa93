using System;
using System.Collections.Generic;
using Dataplane.Control.Configuration;
using Dataplane.Datapath;
using Dataplane.Dpdk;
using Dataplane.Packet;
using PortConfiguration = Dataplane.Control.Configuration.PortConfiguration;

namespace Dataplane.App.Hosting;

/// <summary>The route tables that DPDK looks up, made from a plan.</summary>
internal static unsafe class RouterRoutes
{
    /// <summary>The IPv4 table of a plan's routes.</summary>
    /// <exception cref="DpdkException">No memory.</exception>
    public static Fib Ipv4(Plan* plan)
    {
        int routes = plan->RouteSection.Count;
        Fib fib = Fib.Create("routes", Math.Max(routes, 16), Math.Max(routes, 16), defaultNextHop: 0);
        for (int index = 0; index < routes; index++)
        {
            Route* route = plan->Routes + index;
            fib.Add(Ipv4Address.FromHost(route->Prefix), route->PrefixLength, route->NextHop);
        }

        return fib;
    }

    /// <summary>The IPv6 table of a plan's routes; null where there are none, as in a router without IPv6.</summary>
    /// <exception cref="DpdkException">No memory.</exception>
    public static Fib6? Ipv6(Plan* plan)
    {
        Fib6Route[] routes = Routes6(plan);
        return routes.Length == 0 ? null : Fib6.Build("routes6", routes, defaultNextHop: 0);
    }

    /// <summary>EAL memory of the IPv6 table; 0 without one.</summary>
    public static long Bytes6(Plan* plan)
    {
        Fib6Route[] routes = Routes6(plan);
        return routes.Length == 0 ? 0 : Fib6.BytesFor(routes);
    }

    /// <summary>At least what <see cref="Bytes6(Plan*)"/> will be: before the EAL starts there are no devices, and so no plan.</summary>
    public static long Bytes6(RouterConfiguration configuration)
    {
        List<Fib6Route> routes = [];
        foreach (PortConfiguration port in configuration.Ports)
        {
            foreach (Ipv6Prefix own in port.Addresses6)
            {
                // The address, its subnet, and the subnet's anycast address.
                routes.Add(new Fib6Route(own.Address, 128, 0));
                routes.Add(new Fib6Route(own.Address, own.Length, 0));
                routes.Add(new Fib6Route(own.Network, 128, 0));
            }
        }

        foreach (Route6Configuration route in configuration.Routes6)
        {
            routes.Add(new Fib6Route(route.Prefix.Address, route.Prefix.Length, 0));
        }

        return routes.Count == 0 ? 0 : Fib6.BytesFor(routes);
    }

    private static Fib6Route[] Routes6(Plan* plan)
    {
        Fib6Route[] routes = new Fib6Route[plan->Route6Section.Count];
        for (int index = 0; index < routes.Length; index++)
        {
            Route6* route = plan->Routes6 + index;
            routes[index] = new Fib6Route(route->Prefix, route->PrefixLength, route->NextHop);
        }

        return routes;
    }
}
