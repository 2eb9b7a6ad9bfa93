using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Dataplane.Packet;

namespace Dataplane.Dpdk.TestHost;

internal static class Fib6Scenario
{
    private const uint Default = 999_999;

    /// <summary>fib6 PREFIX SEED TABLES: that many random tables, each asked for addresses in, at the edges of and outside its
    /// prefixes, and compared with a look at every route.</summary>
    internal static void Run(string[] arguments)
    {
        Eal.Initialize(EalScenarios.Options(arguments[0]));
        Random random = new(int.Parse(arguments[1], CultureInfo.InvariantCulture));
        int tables = int.Parse(arguments[2], CultureInfo.InvariantCulture);
        long lookups = 0;
        long matched = 0;
        for (int table = 0; table < tables; table++)
        {
            List<Fib6Route> routes = Routes(random, table);
            using Fib6 fib = Fib6.Build("routes6", routes, Default);
            foreach (Ipv6Address address in routes.SelectMany(route => Around(route, random)))
            {
                uint expected = Naive(routes, address);
                uint found = fib.Lookup(address);
                lookups++;
                matched += expected != Default ? 1 : 0;
                if (found != expected)
                {
                    Program.Report("difference", $"table {table}: {address} leads to {found}, not to {expected}");
                    return;
                }
            }
        }

        Program.Report("lookups", lookups);
        Program.Report("matched", matched);
        Program.Report("difference", "none");
    }

    /// <summary>fib6-refused PREFIX: what is out of range, one after the other.</summary>
    internal static void Refused(string[] arguments)
    {
        Eal.Initialize(EalScenarios.Options(arguments[0]));
        Ipv6Address prefix = Ipv6Address.Parse("2001:db8::");
        foreach ((string name, Fib6Route route) in new[]
        {
            ("length", new Fib6Route(prefix, 129, 1)), ("negative", new Fib6Route(prefix, -1, 1)),
            ("hop", new Fib6Route(prefix, 32, Fib.NextHopMax + 1)),
        })
        {
            try
            {
                Fib6.Build("routes6", [route], 0).Dispose();
                Program.Report(name, "accepted");
            }
            catch (DpdkException error)
            {
                Program.Report(name, error.Message);
            }
        }

        // What was refused left nothing behind: the name is free.
        using Fib6 empty = Fib6.Build("routes6", [], 7);
        Program.Report("empty", empty.Lookup(prefix));
        using Fib6 twice = Fib6.Build("routes6", [], 7);
    }

    /// <summary>Few different bits at the front, so that prefixes lie in one another, and every length.</summary>
    private static List<Fib6Route> Routes(Random random, int table)
    {
        List<Fib6Route> routes = [];
        int count = random.Next(1, 200);
        for (int index = 0; index < count; index++)
        {
            int length = random.Next(4) == 0 ? random.Next(0, 129) : random.Next(3) switch { 0 => 48, 1 => 64, _ => 128 };
            Ipv6Address prefix = Address(random).Prefix(length);
            routes.RemoveAll(route => route.PrefixLength == length && route.Prefix == prefix);
            routes.Add(new Fib6Route(prefix, length, (uint)random.Next(0, 5)));
        }

        // Every other table has a default route, at a place of no order.
        if (table % 2 == 0 && !routes.Exists(route => route.PrefixLength == 0))
        {
            routes.Insert(random.Next(routes.Count), new Fib6Route(default, 0, 77));
        }

        return routes;
    }

    private static IEnumerable<Ipv6Address> Around(Fib6Route route, Random random)
    {
        byte[] noise = new byte[16];
        random.NextBytes(noise);
        Ipv6Address other = Ipv6Address.FromBytes(noise);
        Ipv6Address kept = route.Prefix;
        yield return kept;
        yield return Merge(kept, other, route.PrefixLength);
        yield return Merge(kept, new Ipv6Address(ulong.MaxValue, ulong.MaxValue), route.PrefixLength);
        yield return Merge(kept, Address(random), Math.Max(0, route.PrefixLength - 1));
        yield return Address(random);
        yield return other;
    }

    /// <summary>The first bits of one address and the rest of another.</summary>
    private static Ipv6Address Merge(Ipv6Address first, Ipv6Address rest, int length)
    {
        Ipv6Address cleared = rest.Prefix(length);
        return new Ipv6Address(
            first.Prefix(length).RawHigh | (rest.RawHigh ^ cleared.RawHigh), first.Prefix(length).RawLow | (rest.RawLow ^ cleared.RawLow));
    }

    private static Ipv6Address Address(Random random)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes[0] = 0x20;
        bytes[1] = 0x01;
        for (int index = 2; index < bytes.Length; index++)
        {
            // Bytes of 0, 1 and 255 make neighbours, nested prefixes and both ends of a group.
            bytes[index] = random.Next(4) switch { 0 => 1, 1 => 255, _ => 0 };
        }

        return Ipv6Address.FromBytes(bytes);
    }

    private static uint Naive(List<Fib6Route> routes, Ipv6Address address)
    {
        uint nextHop = Default;
        int longest = -1;
        foreach (Fib6Route route in routes)
        {
            if (route.PrefixLength > longest && address.SharesPrefix(route.Prefix, route.PrefixLength))
            {
                (nextHop, longest) = (route.NextHop, route.PrefixLength);
            }
        }

        return nextHop;
    }
}
