using System.Runtime.CompilerServices;
using Dataplane.Conntrack;
using Dataplane.Datapath.Stages;
using Dataplane.Nat;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath.Ipv6;

/// <summary>The first packet of an IPv6 connection: judged (<see cref="Admission6"/>), and only then an entry.</summary>
public static unsafe class NewConnection6
{
    /// <summary>Judges a packet and acts.</summary>
    public static void Process<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment
    {
        Admission6 admission = default;
        admission.Judge(context, ref env, meta);
        Act(context, ref env, packet, meta, &admission);
    }

    /// <summary>Does with a packet that belongs to no connection what its admission says.</summary>
    public static void Act<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta, Admission6* admission)
        where TEnv : struct, IEnvironment
    {
        switch (admission->Verdict)
        {
            case AdmissionVerdict.None:
                Process(context, ref env, packet, meta);
                break;
            case AdmissionVerdict.Open:
                Open(context, ref env, packet, meta, admission);
                break;
            case AdmissionVerdict.Untracked:
                ((Ipv6Header*)meta->L3)->HopLimit--;
                Output6.Routed(context, ref env, packet, (Ipv6Header*)meta->L3, meta->Port);
                break;
            case AdmissionVerdict.Invalid:
                meta->Reason = admission->Reason;
                InvalidTraffic6.Process(context, ref env, packet, meta, admission->First);
                break;
            case AdmissionVerdict.Local:
                LocalTraffic6.Process(context, ref env, packet, meta, admission->First.Out);
                break;
            case AdmissionVerdict.OnLink:
                LocalTraffic6.OnLink(context, ref env, packet, meta);
                break;
            case AdmissionVerdict.Refuse:
                Icmpv6Errors.Refuse(context, ref env, packet, meta, admission->Error, admission->Reason);
                break;
            case AdmissionVerdict.RefuseTooBig:
                Icmpv6Errors.RefuseTooBig(context, ref env, packet, meta, context->Plan->Ports[admission->First.Out].MtuBytes);
                break;
            default:
                PacketSink.Drop(context, ref env, packet, admission->Reason);
                break;
        }
    }

    private static void Open<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta, Admission6* admission)
        where TEnv : struct, IEnvironment
    {
        DropReason reason = Confirm(context, meta, admission, out EntryReference existing);
        if (reason != DropReason.None)
        {
            PacketSink.Drop(context, ref env, packet, reason);
        }
        else if (existing.IsNone)
        {
            Forward.One<Ipv6Family, Ipv6Tuple, TEnv>(context, ref env, packet, meta);
        }
        else
        {
            Adopt(context, ref env, packet, meta, existing);
        }
    }

    /// <summary>Builds the entry and inserts it; on success the packet's meta refers to the entry to forward by.</summary>
    /// <param name="context">The worker.</param>
    /// <param name="meta">The packet's.</param>
    /// <param name="admission">Its verdict is to open.</param>
    /// <param name="existing">The connection, if another worker inserted it meanwhile; ours went back.</param>
    private static DropReason Confirm(WorkerContext* context, PacketMeta* meta, Admission6* admission, out EntryReference existing)
    {
        existing = default;
        ConntrackTable<Ipv6Tuple>* table = context->Table6;
        AllocateResult allocated = table->Allocate(context->Slot6, admission->First.Tuple.Zone, out uint index);
        if (allocated != AllocateResult.Allocated)
        {
            return allocated == AllocateResult.ZoneFull ? DropReason.ZoneFull : DropReason.TableFull;
        }

        byte* entry = table->EntryAt(index);
        *Entry<Ipv6Tuple>.Tuple(entry, Direction.Original) = admission->First.Tuple;
        *Entry<Ipv6Tuple>.Tuple(entry, Direction.Reply) = admission->Reply;
        EntryHead* head = Entry<Ipv6Tuple>.Head(entry);
        head->Mark = admission->First.Mark;
        head->NextHopOriginal = admission->NextHop->Cached(context->Plan);
        head->NextHopReply = admission->NextHopBack->Cached(context->Plan);
        Entry<Ipv6Tuple>.Tail(entry)->Windows = admission->Opening.Windows;
        if (!LabelRecord.TryAttach(table, context->Slot6, index, admission->First.Label))
        {
            table->Abandon(context->Slot6, index);
            return DropReason.SideRecordsFull;
        }

        uint deadline = context->NowSeconds + 1 + context->Plan->Timeouts.Seconds(admission->Policy, admission->Opening.State);
        head->State = new StateWord(deadline, admission->Opening.State, admission->Policy, EntryFlags.None).Value;
        InsertResult result = table->Insert(
            context->Slot6, index, meta->Hash, admission->ReplyHash, context->NowSeconds, out EntryReference other);
        switch (result)
        {
            case InsertResult.Inserted:
                context->Counters->Opened++;
                meta->Reference = new EntryReference(index, Direction.Original).Value;
                Track.Account<Ipv6Tuple>(context, meta, entry, Direction.Original);
                return DropReason.None;
            case InsertResult.OriginalExists:
                table->Abandon(context->Slot6, index);
                existing = other;
                return DropReason.None;
            default:
                // An equal reply tuple is a connection that is known under another zone: nothing else could be chosen for it.
                table->Abandon(context->Slot6, index);
                return result == InsertResult.ChainTooLong ? DropReason.ChainTooLong : DropReason.ClashUnresolved;
        }
    }

    /// <summary>Another worker inserted this connection meanwhile: the packet is one of its, and judged as such.</summary>
    // Not inlined: needs two workers in the same instant.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Adopt<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta, EntryReference existing)
        where TEnv : struct, IEnvironment
    {
        meta->Reference = existing.Value;
        switch (Track.One<Ipv6Family, Ipv6Tuple>(context, meta))
        {
            case TrackVerdict.Forward:
                Forward.One<Ipv6Family, Ipv6Tuple, TEnv>(context, ref env, packet, meta);
                break;
            case TrackVerdict.Drop:
                Ipv6Family.Refuse(context, ref env, packet, meta);
                break;
            default:
                PacketSink.Drop(context, ref env, packet, DropReason.ClashUnresolved);
                break;
        }
    }
}
