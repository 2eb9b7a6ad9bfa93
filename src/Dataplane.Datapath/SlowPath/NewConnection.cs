using System.Runtime.CompilerServices;
using Dataplane.Conntrack;
using Dataplane.Datapath.Stages;
using Dataplane.Nat;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath;

/// <summary>The first packet of a connection: judged (<see cref="Admission"/>), and only then an entry.</summary>
/// <remarks>
/// Nothing is in the table before the filter has accepted, and the entry is complete, translation included, before its first
/// reference is visible.
/// </remarks>
public static unsafe class NewConnection
{
    /// <summary>Reply tuples tried when another worker takes the chosen one first.</summary>
    private const int ClashesMax = 16;

    /// <summary>Judges a packet and acts.</summary>
    public static void Process<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment
    {
        Admission admission = default;
        admission.Judge(context, ref env, meta);
        Act(context, ref env, packet, meta, &admission);
    }

    /// <summary>Does with a packet that belongs to no connection what its admission says.</summary>
    public static void Act<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta, Admission* admission)
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
                Checksum.DecrementTtl((Ipv4Header*)meta->L3);
                Output.Routed(context, ref env, packet, meta->L3);
                break;
            case AdmissionVerdict.Invalid:
                meta->Reason = admission->Reason;
                InvalidTraffic.Process(context, ref env, packet, meta, admission->First);
                break;
            case AdmissionVerdict.Local:
                LocalTraffic.Process(context, ref env, packet, meta);
                break;
            case AdmissionVerdict.Refuse:
                IcmpErrors.Refuse(context, ref env, packet, meta, admission->Error, admission->Reason);
                break;
            case AdmissionVerdict.RefuseTooBig:
                IcmpErrors.RefuseTooBig(context, ref env, packet, meta, context->Plan->Ports[admission->First.Out].MtuBytes);
                break;
            default:
                PacketSink.Drop(context, ref env, packet, admission->Reason);
                break;
        }
    }

    private static void Open<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta, Admission* admission)
        where TEnv : struct, IEnvironment
    {
        DropReason reason = Confirm(context, meta, admission);
        if (reason == DropReason.None)
        {
            Forward.One<Ipv4Family, Ipv4Tuple, TEnv>(context, ref env, packet, meta);
        }
        else
        {
            PacketSink.Drop(context, ref env, packet, reason);
        }
    }

    /// <summary>Builds the entry and inserts it; on success the packet's meta refers to the entry to forward by.</summary>
    private static DropReason Confirm(WorkerContext* context, PacketMeta* meta, Admission* admission)
    {
        ConntrackTable<Ipv4Tuple>* table = context->Table;
        AllocateResult allocated = table->Allocate(context->Slot, meta->Tuple.Zone, out uint index);
        if (allocated != AllocateResult.Allocated)
        {
            return allocated == AllocateResult.ZoneFull ? DropReason.ZoneFull : DropReason.TableFull;
        }

        // First of all: its zone tells whose limit the entry counts against, should it be given back.
        byte* entry = table->EntryAt(index);
        *Entry<Ipv4Tuple>.Tuple(entry, Direction.Original) = meta->Tuple;
        DropReason reason = admission->HasReply ? DropReason.None : admission->ChooseReply(context);
        reason = reason != DropReason.None ? reason : Build(context, meta, entry, index, admission);
        EntryHead* head = Entry<Ipv4Tuple>.Head(entry);
        for (int clashes = 0; reason == DropReason.None && clashes < ClashesMax;)
        {
            // Without translation there is one reply tuple, and whether it is taken the insertion tells.
            if (admission->TranslatesSource
                && !table->Find(&admission->Reply, admission->ReplyHash, context->NowSeconds, context->Slot).IsNone)
            {
                reason = admission->NextReply(context);
                continue;
            }

            *Entry<Ipv4Tuple>.Tuple(entry, Direction.Reply) = admission->Reply;
            head->Rewrite = Rewrite.Between(meta->Tuple, admission->Reply).Value;
            InsertResult result = table->Insert(
                context->Slot, index, meta->Hash, admission->ReplyHash, context->NowSeconds, out EntryReference existing);
            switch (result)
            {
                case InsertResult.Inserted:
                    context->Counters->Opened++;
                    meta->Reference = new EntryReference(index, Direction.Original).Value;
                    Track.Account<Ipv4Tuple>(context, meta, entry, Direction.Original);
                    return DropReason.None;
                case InsertResult.OriginalExists:
                    return Adopt(context, meta, index, existing);
                case InsertResult.ReplyExists when admission->TranslatesSource:
                    clashes++;
                    reason = admission->NextReply(context);
                    break;
                default:
                    table->Abandon(context->Slot, index);
                    return result == InsertResult.ChainTooLong ? DropReason.ChainTooLong : DropReason.ClashUnresolved;
            }
        }

        table->Abandon(context->Slot, index);
        return reason == DropReason.None ? DropReason.ClashUnresolved : reason;
    }

    /// <summary>Fills a new entry but for its tuples and what follows from them.</summary>
    private static DropReason Build(WorkerContext* context, PacketMeta* meta, byte* entry, uint index, Admission* admission)
    {
        EntryHead* head = Entry<Ipv4Tuple>.Head(entry);
        head->Mark = admission->First.Mark;
        head->NextHopOriginal = admission->NextHop->Cached(context->Plan);
        head->NextHopReply = admission->NextHopBack->Cached(context->Plan);
        EntryFlags flags = (admission->TranslatesSource ? EntryFlags.SourceNat : EntryFlags.None)
            | (admission->TranslatesDestination ? EntryFlags.DestinationNat : EntryFlags.None);
        uint deadline = context->NowSeconds + 1 + context->Plan->Timeouts.Seconds(admission->Policy, admission->Opening.State);
        head->State = new StateWord(deadline, admission->Opening.State, admission->Policy, flags).Value;
        Entry<Ipv4Tuple>.Tail(entry)->Windows = admission->Opening.Windows;
        return LabelRecord.TryAttach(context->Table, context->Slot, index, admission->First.Label)
            ? DropReason.None
            : DropReason.SideRecordsFull;
    }

    /// <summary>Another worker inserted this connection meanwhile: its entry serves, ours and its port go back.</summary>
    // Not inlined: needs two workers in the same instant.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static DropReason Adopt(WorkerContext* context, PacketMeta* meta, uint index, EntryReference existing)
    {
        context->Table->Abandon(context->Slot, index);
        meta->Reference = existing.Value;
        return Track.One<Ipv4Family, Ipv4Tuple>(context, meta) switch
        {
            TrackVerdict.Forward => DropReason.None,
            TrackVerdict.Drop => meta->Reason,
            _ => DropReason.ClashUnresolved,
        };
    }
}
