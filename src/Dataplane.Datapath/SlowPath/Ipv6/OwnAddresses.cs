using System.Threading;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath.Ipv6;

/// <summary>The router's own IPv6 addresses: which are in use, and which one to speak from.</summary>
public static unsafe class OwnAddresses
{
    /// <summary>Whether the address of an index has been found to be unique.</summary>
    public static bool IsValid(WorkerContext* context, int index) => StateOf(context, index) == OwnAddressState.Valid;

    public static OwnAddressState StateOf(WorkerContext* context, int index) =>
        (OwnAddressState)Volatile.Read(ref context->Links->Addresses[index].State);

    /// <summary>The index of an address of a port, whatever its state; -1 when it is not one.</summary>
    public static int IndexOf(Plan* plan, byte port, Ipv6Address address)
    {
        for (int index = 0; index < plan->Address6Section.Count; index++)
        {
            if (plan->Addresses6[index].Port == port && plan->Addresses6[index].Address == address)
            {
                return index;
            }
        }

        return -1;
    }

    /// <summary>The index of the address whose subnet has this one as its router anycast address (RFC 4291 §2.6.1); -1 for none.</summary>
    public static int IndexOfAnycast(Plan* plan, byte port, Ipv6Address address)
    {
        const int lengthMax = 126; // RFC 6164 §5.1: a link of two has none
        for (int index = 0; index < plan->Address6Section.Count; index++)
        {
            PortAddress6* own = plan->Addresses6 + index;
            if (own->Port == port && own->PrefixLength <= lengthMax && !own->Address.IsLinkLocal
                && own->Address.Prefix(own->PrefixLength) == address)
            {
                return index;
            }
        }

        return -1;
    }

    /// <summary>Whether an address is a neighbour's by its looks: link-local, or of a subnet of the port.</summary>
    public static bool IsOnLink(Plan* plan, byte port, Ipv6Address address)
    {
        if (address.IsLinkLocal)
        {
            return true;
        }

        for (int index = 0; index < plan->Address6Section.Count; index++)
        {
            if (plan->Addresses6[index].Port == port && plan->Addresses6[index].IsOnLink(address))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Chooses the address that the router speaks from, in the spirit of RFC 6724 §5: scope, then nearness.</summary>
    /// <param name="context">The worker.</param>
    /// <param name="port">The port that is spoken of or through.</param>
    /// <param name="destination">Who is spoken to.</param>
    /// <param name="portOnly">Addresses of other ports will not do.</param>
    /// <param name="source">A valid address.</param>
    /// <returns>False when there is none (yet).</returns>
    public static bool TrySource(WorkerContext* context, byte port, Ipv6Address destination, bool portOnly, out Ipv6Address source)
    {
        Plan* plan = context->Plan;
        source = default;
        int best = 0;
        for (int index = 0; index < plan->Address6Section.Count; index++)
        {
            PortAddress6* own = plan->Addresses6 + index;
            int rank = own->Port == port || !portOnly ? Rank(own, port, destination) : 0;
            if (rank > best && IsValid(context, index))
            {
                best = rank;
                source = own->Address;
            }
        }

        return best > 0;
    }

    /// <summary>0 is unusable; a foreign port's global address beats a link-local one that leads back nowhere.</summary>
    private static int Rank(PortAddress6* own, byte port, Ipv6Address destination)
    {
        bool isHere = own->Port == port;
        if (own->Address.IsLinkLocal)
        {
            return !isHere ? 0 : destination.IsLinkLocal || destination.IsMulticast ? 5 : 1;
        }

        return destination.IsLinkLocal ? 0 : !isHere ? 2 : own->IsOnLink(destination) ? 4 : 3;
    }
}
