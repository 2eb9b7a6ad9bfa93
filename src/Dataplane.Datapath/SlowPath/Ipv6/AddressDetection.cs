using System.Threading;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath.Ipv6;

/// <summary>Makes sure that the router's IPv6 addresses are nobody else's (RFC 4862 §5.4), and
/// announces them (RFC 4861 §7.2.6).</summary>
/// <remarks>
/// <code>
///              one probe, one second of silence
/// Tentative -------------------------------------> Valid: answered for, spoken from, announced three times
///     |  ^
///     |  | after a minute
///     v  |
/// Duplicate: an objection was heard; nothing is said, nothing is answered
/// </code>
/// Packets are forwarded meanwhile as far as they need nobody to be asked for. A valid address stays valid whatever others claim, or one
/// frame would take the router off the link; the claim is counted.
/// <para>
/// Departs from RFC 4862 §5.4.2: no random delay before the first probe, which is there for hosts that start together. Departs from
/// §5.4.5: a duplicate link-local address does not end IPv6 on the port, it is tried again.
/// </para>
/// </remarks>
public static unsafe class AddressDetection
{
    /// <summary>DupAddrDetectTransmits.</summary>
    private const int ProbesMax = 1;

    /// <summary>RetransTimer: how long an objection may take.</summary>
    private const long ProbeNanoseconds = 1_000_000_000;

    /// <summary>A duplicate address is asked for again after this: the other one may be gone.</summary>
    private const long RetryNanoseconds = 60_000_000_000;

    /// <summary>MAX_NEIGHBOR_ADVERTISEMENT.</summary>
    private const int Announcements = 3;

    private const long AnnouncementNanoseconds = 2_000_000_000;

    /// <summary>Somebody else on the link has, or wants, an address of the router.</summary>
    /// <returns>The reason to drop what said so.</returns>
    public static DropReason Object(WorkerContext* context, int index)
    {
        _ = Interlocked.CompareExchange(
            ref context->Links->Addresses[index].State, (int)OwnAddressState.Duplicate, (int)OwnAddressState.Tentative);
        return DropReason.Ipv6AddressDuplicate;
    }

    /// <summary>Takes every address that is due one step further; on worker 0.</summary>
    public static void Maintain<TEnv>(WorkerContext* context, ref TEnv env)
        where TEnv : struct, IEnvironment
    {
        for (int index = 0; index < context->Plan->Address6Section.Count; index++)
        {
            OwnAddress* own = context->Links->Addresses + index;
            switch (OwnAddresses.StateOf(context, index))
            {
                case OwnAddressState.Tentative:
                    Detect(context, ref env, own, index);
                    break;
                case OwnAddressState.Valid:
                    Announce(context, ref env, own, index);
                    break;
                default:
                    Retry(context, own);
                    break;
            }
        }
    }

    private static void Detect<TEnv>(WorkerContext* context, ref TEnv env, OwnAddress* own, int index)
        where TEnv : struct, IEnvironment
    {
        if (context->NowNanoseconds < own->DueNanoseconds)
        {
            return;
        }

        if (own->Probes < ProbesMax)
        {
            PortAddress6* address = context->Plan->Addresses6 + index;
            if (NeighbourMessages.TryProbe(context, ref env, address->Port, address->Address))
            {
                own->Probes++;
                own->DueNanoseconds = context->NowNanoseconds + ProbeNanoseconds;
            }

            return;
        }

        own->AnnouncementsLeft = Announcements;
        if (Interlocked.CompareExchange(ref own->State, (int)OwnAddressState.Valid, (int)OwnAddressState.Tentative)
            == (int)OwnAddressState.Tentative)
        {
            Announce(context, ref env, own, index);
        }
    }

    private static void Announce<TEnv>(WorkerContext* context, ref TEnv env, OwnAddress* own, int index)
        where TEnv : struct, IEnvironment
    {
        if (own->AnnouncementsLeft == 0 || context->NowNanoseconds < own->DueNanoseconds)
        {
            return;
        }

        own->AnnouncementsLeft--;
        own->DueNanoseconds = context->NowNanoseconds + AnnouncementNanoseconds;
        PortAddress6* address = context->Plan->Addresses6 + index;
        LinkAddresses addresses = LinkAddresses.ToGroup(address->Address, Ipv6Multicast.AllNodes);
        NeighbourMessages.Advertise(context, ref env, address->Port, addresses, NeighbourFlags.Override, address->Address);
    }

    private static void Retry(WorkerContext* context, OwnAddress* own)
    {
        if (own->Probes > 0)
        {
            own->Probes = 0;
            own->DueNanoseconds = context->NowNanoseconds + RetryNanoseconds;
        }
        else if (context->NowNanoseconds >= own->DueNanoseconds)
        {
            Volatile.Write(ref own->State, (int)OwnAddressState.Tentative);
        }
    }
}
