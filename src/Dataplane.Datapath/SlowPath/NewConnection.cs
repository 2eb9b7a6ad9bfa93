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
    /// <summary>Reply tuples tried that seemed free and that another worker took first.</summary>
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
        DropReason reason = Confirm(context, meta, admission, out EntryReference existing);
        if (reason != DropReason.None)
        {
            PacketSink.Drop(context, ref env, packet, reason);
        }
        else if (existing.IsNone)
        {
            Forward.One<Ipv4Family, Ipv4Tuple, TEnv>(context, ref env, packet, meta);
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
    /// <param name="existing">The connection, if another worker inserted it meanwhile; ours and its port went back.</param>
    private static DropReason Confirm(WorkerContext* context, PacketMeta* meta, Admission* admission, out EntryReference existing)
    {
        existing = default;
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
        if (reason == DropReason.None)
        {
            // Without translation there is one reply tuple, and whether it is taken the insertion tells.
            InsertResult result = admission->TranslatesSource && IsTaken(context, &admission->Reply, admission->ReplyHash)
                ? InsertResult.ReplyExists
                : Insert(context, meta, index, admission->Reply, admission->ReplyHash, out existing);
            if (result == InsertResult.ReplyExists && admission->TranslatesSource)
            {
                reason = InsertElsewhere(context, meta, index, admission, out existing);
            }
            else if (result is not (InsertResult.Inserted or InsertResult.OriginalExists))
            {
                reason = result == InsertResult.ChainTooLong ? DropReason.ChainTooLong : DropReason.ClashUnresolved;
            }
        }

        if (reason != DropReason.None || !existing.IsNone)
        {
            table->Abandon(context->Slot, index);
            return reason;
        }

        context->Counters->Opened++;
        meta->Reference = new EntryReference(index, Direction.Original).Value;
        Track.Account<Ipv4Tuple>(context, meta, entry, Direction.Original);
        return DropReason.None;
    }

    private static bool IsTaken(WorkerContext* context, Ipv4Tuple* reply, ulong replyHash) =>
        !context->Table->Find(reply, replyHash, context->NowSeconds, context->Slot).IsNone;

    private static InsertResult Insert(
        WorkerContext* context, PacketMeta* meta, uint index, in Ipv4Tuple reply, ulong replyHash, out EntryReference existing)
    {
        byte* entry = context->Table->EntryAt(index);
        *Entry<Ipv4Tuple>.Tuple(entry, Direction.Reply) = reply;
        Entry<Ipv4Tuple>.Head(entry)->Rewrite = Rewrite.Between(meta->Tuple, reply).Value;
        InsertResult result = context->Table->Insert(
            context->Slot, index, meta->Hash, replyHash, context->NowSeconds, out EntryReference other);
        existing = result == InsertResult.OriginalExists ? other : default;
        return result;
    }

    /// <summary>The first candidate's port is taken: tries those behind it, whose buckets are asked for a few at a time.</summary>
    // Not inlined: rare until ports run short, and then bound by memory, which is why they are looked up together.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static DropReason InsertElsewhere(
        WorkerContext* context, PacketMeta* meta, uint index, Admission* admission, out EntryReference existing)
    {
        existing = default;
        Ipv4Tuple* replies = stackalloc Ipv4Tuple[Admission.CandidatesMax];
        ulong* hashes = stackalloc ulong[Admission.CandidatesMax];
        int clashes = 0;
        while (true)
        {
            int count = admission->NextReplies(context, replies, hashes);
            if (count == 0)
            {
                return DropReason.NatPortsExhausted;
            }

            for (int candidate = 0; candidate < count; candidate++)
            {
                if (IsTaken(context, replies + candidate, hashes[candidate]))
                {
                    continue;
                }

                switch (Insert(context, meta, index, replies[candidate], hashes[candidate], out existing))
                {
                    case InsertResult.Inserted or InsertResult.OriginalExists:
                        return DropReason.None;
                    case InsertResult.ReplyExists when ++clashes < ClashesMax:
                        break;
                    case InsertResult.ChainTooLong:
                        return DropReason.ChainTooLong;
                    default:
                        return DropReason.ClashUnresolved;
                }
            }
        }
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

    /// <summary>Another worker inserted this connection meanwhile: the packet is one of its, and judged as such.</summary>
    // Not inlined: needs two workers in the same instant.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Adopt<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta, EntryReference existing)
        where TEnv : struct, IEnvironment
    {
        meta->Reference = existing.Value;
        switch (Track.One<Ipv4Family, Ipv4Tuple>(context, meta))
        {
            case TrackVerdict.Forward:
                Forward.One<Ipv4Family, Ipv4Tuple, TEnv>(context, ref env, packet, meta);
                break;
            case TrackVerdict.Drop:
                Ipv4Family.Refuse(context, ref env, packet, meta);
                break;
            default:
                PacketSink.Drop(context, ref env, packet, DropReason.ClashUnresolved);
                break;
        }
    }
}
