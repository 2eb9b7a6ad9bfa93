using System.Threading;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath.Ipv6;

/// <summary>Tells the hosts of a port that it is a router, which /64s the link has and how much it carries (RFC 4861 §6.2).</summary>
/// <remarks>Sent to all nodes, now and then and soon after a solicitation; never more often than every 3 s (§6.2.6), so solicitations
/// need no limit of their own. The timers are worker 0's.</remarks>
public static unsafe class RouterAdvertisements
{
    private const long Milliseconds = 1_000_000;
    private const long Seconds = 1_000_000_000;

    /// <summary>MinRtrAdvInterval and MaxRtrAdvInterval (§6.2.1).</summary>
    private const uint IntervalMillisecondsMin = 200_000;
    private const uint IntervalMillisecondsMax = 600_000;

    /// <summary>MAX_INITIAL_RTR_ADVERTISEMENTS, and the interval between them.</summary>
    private const int InitialMax = 3;
    private const long InitialNanoseconds = 16 * Seconds;

    /// <summary>MAX_RA_DELAY_TIME.</summary>
    private const uint AnswerMillisecondsMax = 500;

    /// <summary>MIN_DELAY_BETWEEN_RAS.</summary>
    private const long BetweenNanoseconds = 3 * Seconds;

    /// <summary>AdvDefaultLifetime: three times the longest interval.</summary>
    private const ushort LifetimeSeconds = 1800;

    /// <summary>AdvValidLifetime and AdvPreferredLifetime: 30 and 7 days.</summary>
    private const uint ValidSeconds = 2_592_000;
    private const uint PreferredSeconds = 604_800;

    /// <summary>AdvCurHopLimit.</summary>
    private const byte HopLimit = 64;

    private const byte PrefixLength = 64;

    /// <summary>Prefixes that fit an advertisement of 1280 bytes.</summary>
    private const int PrefixesMax = (1280 - Ipv6Header.SizeBytes - PrefixesOffset) / PrefixOption.SizeBytes;
    private const int LinkLayerOffset = RouterAdvertisementMessage.SizeBytes;
    private const int MtuOffset = LinkLayerOffset + LinkLayerOption.SizeBytes;
    private const int PrefixesOffset = MtuOffset + MtuOption.SizeBytes;

    /// <summary>Sends what is due; on worker 0.</summary>
    public static void Maintain<TEnv>(WorkerContext* context, ref TEnv env)
        where TEnv : struct, IEnvironment
    {
        for (byte port = 0; port < context->PortCount; port++)
        {
            if (Speaks(context, port))
            {
                MaintainPort(context, ref env, port);
            }
        }
    }

    /// <summary>Says farewell on all ports: hosts look for another router at once (§6.2.5).</summary>
    public static void Cease<TEnv>(WorkerContext* context, ref TEnv env)
        where TEnv : struct, IEnvironment
    {
        for (byte port = 0; port < context->PortCount; port++)
        {
            if (Speaks(context, port))
            {
                _ = TrySend(context, ref env, port, lifetimeSeconds: 0);
            }
        }
    }

    /// <summary>An advertisement is from a link-local address (§6.1.2), so there is none before that is valid.</summary>
    private static bool Speaks(WorkerContext* context, byte port)
    {
        RouterPort* own = context->Plan->Ports + port;
        int index = own->AdvertisesPrefixes ? OwnAddresses.IndexOf(context->Plan, port, own->LinkLocal) : -1;
        return index >= 0 && OwnAddresses.IsValid(context, index);
    }

    private static void MaintainPort<TEnv>(WorkerContext* context, ref TEnv env, byte port)
        where TEnv : struct, IEnvironment
    {
        Advertiser* timer = context->Links->Ports + port;
        long now = context->NowNanoseconds;
        if (Volatile.Read(ref timer->IsSolicited) != 0)
        {
            // Cleared before the answer: a solicitation that comes in between is answered by it, or by the next.
            Volatile.Write(ref timer->IsSolicited, 0);
            long answer = now + Milliseconds * context->Random->Below(AnswerMillisecondsMax + 1);
            long earliest = timer->SentNanoseconds + BetweenNanoseconds;
            answer = answer < earliest ? earliest : answer;
            timer->DueNanoseconds = answer < timer->DueNanoseconds ? answer : timer->DueNanoseconds;
        }

        if (now < timer->DueNanoseconds || !TrySend(context, ref env, port, LifetimeSeconds))
        {
            return;
        }

        long interval = Milliseconds
            * (IntervalMillisecondsMin + context->Random->Below(IntervalMillisecondsMax - IntervalMillisecondsMin + 1));
        timer->Initial += timer->Initial < InitialMax ? 1 : 0;
        bool isInitial = timer->Initial < InitialMax;
        timer->SentNanoseconds = now;
        timer->DueNanoseconds = now + (isInitial && interval > InitialNanoseconds ? InitialNanoseconds : interval);
    }

    private static bool TrySend<TEnv>(WorkerContext* context, ref TEnv env, byte port, ushort lifetimeSeconds)
        where TEnv : struct, IEnvironment
    {
        if (!Icmpv6Frame.TryBegin(context, ref env, out Icmpv6Frame frame))
        {
            return false;
        }

        byte* message = frame.Message;
        *(RouterAdvertisementMessage*)message = new RouterAdvertisementMessage
        {
            Type = Icmpv6Type.RouterAdvertisement,
            HopLimit = HopLimit,
            LifetimeSeconds = Be16.FromHost(lifetimeSeconds),
        };
        NeighbourMessages.WriteLinkLayer(message + LinkLayerOffset, NeighbourOptionType.SourceLinkLayer, context, port);
        *(MtuOption*)(message + MtuOffset) = new MtuOption
        {
            Type = NeighbourOptionType.Mtu,
            LengthUnits = 1,
            MtuBytes = Be32.FromHost(context->Plan->Ports[port].MtuBytes),
        };
        int prefixes = WritePrefixes(context->Plan, port, (PrefixOption*)(message + PrefixesOffset));
        LinkAddresses addresses = LinkAddresses.ToGroup(context->Plan->Ports[port].LinkLocal, Ipv6Multicast.AllNodes);
        frame.SendOnLink(context, ref env, port, addresses, PrefixesOffset + prefixes * PrefixOption.SizeBytes);
        return true;
    }

    /// <summary>Every /64 of the port once.</summary>
    private static int WritePrefixes(Plan* plan, byte port, PrefixOption* options)
    {
        int count = 0;
        for (int index = 0; index < plan->Address6Section.Count && count < PrefixesMax; index++)
        {
            PortAddress6* own = plan->Addresses6 + index;
            Ipv6Address prefix = own->Address.Prefix(PrefixLength);
            if (own->Port != port || own->PrefixLength != PrefixLength || own->Address.IsLinkLocal || Contains(options, count, prefix))
            {
                continue;
            }

            options[count++] = new PrefixOption
            {
                Type = NeighbourOptionType.PrefixInformation,
                LengthUnits = PrefixOption.SizeBytes / 8,
                PrefixLength = PrefixLength,
                Flags = PrefixOption.OnLinkAutonomous,
                ValidSeconds = Be32.FromHost(ValidSeconds),
                PreferredSeconds = Be32.FromHost(PreferredSeconds),
                Prefix = prefix,
            };
        }

        return count;
    }

    private static bool Contains(PrefixOption* options, int count, Ipv6Address prefix)
    {
        for (int index = 0; index < count; index++)
        {
            if (options[index].Prefix == prefix)
            {
                return true;
            }
        }

        return false;
    }
}
