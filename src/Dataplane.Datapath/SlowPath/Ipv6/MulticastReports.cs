using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath.Ipv6;

/// <summary>Tells the link which groups the router listens to, as a host must (RFC 3810, RFC 2710).</summary>
/// <remarks>
/// Switches that watch these messages send a group's frames only where somebody has asked for them: without reports nobody would
/// find the router's addresses any more. Reported are the solicited-node groups of its addresses and all routers; never
/// all nodes (RFC 3810 §6). First unasked, before the addresses are probed (RFC 4862 §5.4.2), and again a second later; then in answer to
/// queries, after a random part of the time that they allow. A query of version 1 is answered in version 1. The
/// timers are worker 0's.
/// <para>
/// Departs from RFC 3810 §6.2: a query for one of the groups is answered for all of them, and the latest query decides the time.
/// </para>
/// </remarks>
public static unsafe class MulticastReports
{
    private const long Milliseconds = 1_000_000;

    /// <summary>Robustness Variable (RFC 3810 §9.1): unasked reports.</summary>
    private const int Unsolicited = 2;

    /// <summary>Unsolicited Report Interval (§9.11).</summary>
    private const long UnsolicitedNanoseconds = 1000 * Milliseconds;

    /// <summary>Answers wait no longer, whatever a query allows: its default maximum (§9.3).</summary>
    private const uint AnswerMillisecondsMax = 10_000;

    private const byte ModeIsExclude = 2;
    private const byte ChangeToExclude = 4;

    /// <summary>Groups in one report of 1280 bytes.</summary>
    private const int GroupsMax =
        (1280 - Ipv6Header.SizeBytes - Icmpv6Frame.AlertBytes - MulticastReportHeader.SizeBytes) / MulticastRecord.SizeBytes;

    /// <summary>Takes note of a query; the parser has checked hop limit and length.</summary>
    /// <returns>The reason to drop it.</returns>
    public static DropReason Query(WorkerContext* context, PacketMeta* meta)
    {
        MulticastQuery* query = (MulticastQuery*)meta->L4;
        bool isIntact = context->Plan->VerifyChecksums
            || Checksum.VerifyL4((Ipv6Header*)meta->L3, IpProtocol.Icmpv6, meta->L4, meta->L4LengthBytes);
        if (!isIntact || !((Ipv6Header*)meta->L3)->Source.IsLinkLocal)
        {
            // RFC 3810 §5.1.14: anybody else is no neighbour.
            return DropReason.Ipv6NeighbourInvalid;
        }

        Ipv6Address group = query->Group;
        if (group.IsUnspecified || IsReported(context->Plan, meta->Port, group))
        {
            bool isFirstVersion = meta->L4LengthBytes == MulticastQuery.SizeBytes;
            uint asked = (uint)(isFirstVersion ? 1 : 2) << 16 | query->ResponseCode.Host;
            Volatile.Write(ref context->Links->Listeners[meta->Port].Asked, asked);
        }

        return DropReason.None;
    }

    /// <summary>Sends what is due; on worker 0, before addresses are probed.</summary>
    public static void Maintain<TEnv>(WorkerContext* context, ref TEnv env)
        where TEnv : struct, IEnvironment
    {
        for (byte port = 0; port < context->PortCount; port++)
        {
            if (!context->Plan->Ports[port].LinkLocal.IsUnspecified)
            {
                MaintainPort(context, ref env, port, context->Links->Listeners + port);
            }
        }
    }

    private static void MaintainPort<TEnv>(WorkerContext* context, ref TEnv env, byte port, Listener* own)
        where TEnv : struct, IEnvironment
    {
        long now = context->NowNanoseconds;
        if (own->Sent < Unsolicited && now >= own->DueNanoseconds)
        {
            if (TryReport(context, ref env, port, ChangeToExclude))
            {
                own->Sent++;
                own->DueNanoseconds = now + UnsolicitedNanoseconds;
            }
        }

        uint asked = Interlocked.Exchange(ref own->Asked, 0);
        if (asked != 0)
        {
            own->AnswerVersion = asked >> 16;
            own->AnswerNanoseconds = now + context->Random->Below(DelayMilliseconds((ushort)asked) + 1) * Milliseconds;
        }

        if (own->AnswerVersion != 0 && now >= own->AnswerNanoseconds)
        {
            bool isSent = own->AnswerVersion == 1
                ? TryReportFirstVersion(context, ref env, port)
                : TryReport(context, ref env, port, ModeIsExclude);
            own->AnswerVersion = isSent ? 0 : own->AnswerVersion;
        }
    }

    /// <summary>The Maximum Response Code in milliseconds (RFC 3810 §5.1.3); version 1 has no codes of the upper half.</summary>
    private static uint DelayMilliseconds(ushort code)
    {
        uint milliseconds = code < 0x8000 ? code : (uint)(code & 0x0FFF | 0x1000) << ((code >> 12 & 7) + 3);
        return Math.Min(milliseconds, AnswerMillisecondsMax);
    }

    private static bool TryReport<TEnv>(WorkerContext* context, ref TEnv env, byte port, byte recordType)
        where TEnv : struct, IEnvironment
    {
        if (!Icmpv6Frame.TryBegin(context, ref env, out Icmpv6Frame frame))
        {
            return false;
        }

        byte* message = frame.AlertingMessage;
        MulticastRecord* records = (MulticastRecord*)(message + MulticastReportHeader.SizeBytes);
        int count = 0;
        records[count++] = new MulticastRecord { Type = recordType, Group = Ipv6Multicast.AllRouters };
        Plan* plan = context->Plan;
        for (int index = 0; index < plan->Address6Section.Count && count < GroupsMax; index++)
        {
            if (IsNewGroup(plan, port, index))
            {
                Ipv6Address group = Ipv6Multicast.SolicitedNode(plan->Addresses6[index].Address);
                records[count++] = new MulticastRecord { Type = recordType, Group = group };
            }
        }

        *(MulticastReportHeader*)message = new MulticastReportHeader
        {
            Type = Icmpv6Type.MulticastListenerReport2,
            Records = Be16.FromHost((ushort)count),
        };
        LinkAddresses addresses = LinkAddresses.ToGroup(SourceOf(context, port), Ipv6Multicast.AllReportRouters);
        frame.SendAlerting(context, ref env, port, addresses, MulticastReportHeader.SizeBytes + count * MulticastRecord.SizeBytes);
        return true;
    }

    /// <summary>One message for each group, sent to it (RFC 2710 §3).</summary>
    private static bool TryReportFirstVersion<TEnv>(WorkerContext* context, ref TEnv env, byte port)
        where TEnv : struct, IEnvironment
    {
        Plan* plan = context->Plan;
        bool isSent = TrySendFirstVersion(context, ref env, port, Ipv6Multicast.AllRouters);
        for (int index = 0; index < plan->Address6Section.Count && isSent; index++)
        {
            isSent = !IsNewGroup(plan, port, index)
                || TrySendFirstVersion(context, ref env, port, Ipv6Multicast.SolicitedNode(plan->Addresses6[index].Address));
        }

        return isSent;
    }

    private static bool TrySendFirstVersion<TEnv>(WorkerContext* context, ref TEnv env, byte port, Ipv6Address group)
        where TEnv : struct, IEnvironment
    {
        if (!Icmpv6Frame.TryBegin(context, ref env, out Icmpv6Frame frame))
        {
            return false;
        }

        *(MulticastQuery*)frame.AlertingMessage = new MulticastQuery { Type = Icmpv6Type.MulticastListenerReport, Group = group };
        frame.SendAlerting(
            context, ref env, port, LinkAddresses.ToGroup(SourceOf(context, port), group), MulticastQuery.SizeBytes);
        return true;
    }

    /// <summary>The link-local address, or :: before it is valid (RFC 3590).</summary>
    private static Ipv6Address SourceOf(WorkerContext* context, byte port)
    {
        Ipv6Address own = context->Plan->Ports[port].LinkLocal;
        int index = OwnAddresses.IndexOf(context->Plan, port, own);
        return index >= 0 && OwnAddresses.IsValid(context, index) ? own : default;
    }

    private static bool IsReported(Plan* plan, byte port, Ipv6Address group)
    {
        bool isReported = group == Ipv6Multicast.AllRouters;
        for (int index = 0; index < plan->Address6Section.Count && !isReported; index++)
        {
            isReported = plan->Addresses6[index].Port == port && Ipv6Multicast.SolicitedNode(plan->Addresses6[index].Address) == group;
        }

        return isReported;
    }

    /// <summary>Whether an address is the port's and the first of its solicited-node group.</summary>
    private static bool IsNewGroup(Plan* plan, byte port, int index)
    {
        bool isNew = plan->Addresses6[index].Port == port;
        for (int before = 0; before < index && isNew; before++)
        {
            isNew = plan->Addresses6[before].Port != port
                || Ipv6Multicast.SolicitedNode(plan->Addresses6[before].Address)
                    != Ipv6Multicast.SolicitedNode(plan->Addresses6[index].Address);
        }

        return isNew;
    }
}
