using Dataplane.Conntrack;
using Dataplane.Datapath.SlowPath;
using Dataplane.Datapath.SlowPath.Ipv6;
using Dataplane.Datapath.Stages;
using Dataplane.Packet;

namespace Dataplane.Datapath.Fragments;

/// <summary>Fragments on the slow path: the first as any packet, the others by the connection that it opened or found.</summary>
public static unsafe class FragmentPath
{
    /// <summary>Takes in the fragment at a position of the burst, whose slot serves for those that waited for it, too.</summary>
    public static void Process<TEnv>(WorkerContext* context, ref TEnv env, int position)
        where TEnv : struct, IEnvironment
    {
        Mbuf* packet = context->Burst[position];
        PacketMeta* meta = context->Metas + position;
        Ipv6Tuple* tuple6 = context->Tuples6 + position;
        FragmentRelease release;
        if (!Reassembly.Accept(context, ref env, packet, meta, tuple6, &release))
        {
            return;
        }

        do
        {
            if (meta->Kind == PacketKind.Ipv6Tracked)
            {
                Pass<Ipv6Family, Ipv6Tuple, TEnv>(context, ref env, packet, meta, &release);
            }
            else
            {
                Pass<Ipv4Family, Ipv4Tuple, TEnv>(context, ref env, packet, meta, &release);
            }
        }
        while (Reassembly.TryNext(context, ref env, meta, tuple6, &release, out packet));
    }

    /// <summary>
    /// A fragment without a transport header is counted and translated like its first, but it moves no state; where there is no
    /// connection the rules say whether the datagram is untracked or was refused.
    /// </summary>
    private static void Pass<TFamily, TTuple, TEnv>(
        WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta, FragmentRelease* release)
        where TFamily : struct, IFamily<TTuple>
        where TTuple : unmanaged
        where TEnv : struct, IEnvironment
    {
        ConntrackTable<TTuple>* table = TFamily.Table(context);
        TTuple* tuple = TFamily.Tuple(context, meta);
        meta->Hash = TupleHash.Compute(tuple, table->Key);
        if (meta->Fragment == FragmentPart.First)
        {
            First<TFamily, TTuple, TEnv>(context, ref env, packet, meta, release);
            return;
        }

        EntryReference found = table->Find(tuple, meta->Hash, context->NowSeconds, TFamily.Slot(context));
        if (found.IsNone)
        {
            if (meta->Kind == PacketKind.Ipv6Tracked)
            {
                NewConnection6.Process(context, ref env, packet, meta);
            }
            else
            {
                NewConnection.Process(context, ref env, packet, meta);
            }

            return;
        }

        context->Counters->Found++;
        meta->Reference = found.Value;
        Track.Account<TTuple>(context, meta, table->EntryAt(found.Index), found.Direction);
        TFamily.ForwardUncached(context, ref env, packet, meta);
    }

    /// <summary>The fragment with the transport header; where it is invalid the rest of its datagram is, too.</summary>
    private static void First<TFamily, TTuple, TEnv>(
        WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta, FragmentRelease* release)
        where TFamily : struct, IFamily<TTuple>
        where TTuple : unmanaged
        where TEnv : struct, IEnvironment
    {
        meta->Reason = DropReason.None;
        Dispatch.Tracked(context, ref env, packet, meta);
        if (meta->Reason != DropReason.None)
        {
            Reassembly.Refuse(context, ref env, release, meta->Reason);
        }
        else if (meta->Tuple.Protocol == IpProtocol.Tcp && meta->Reference != 0)
        {
            byte* entry = TFamily.Table(context)->EntryAt(new EntryReference(meta->Reference).Index);
            ExpectMore(context, ref Entry<TTuple>.Tail(entry)->Windows);
        }
    }

    /// <summary>How much of a segment follows in other fragments nobody has said yet, and the peer may acknowledge all of it.</summary>
    private static void ExpectMore(WorkerContext* context, ref TcpWindows windows)
    {
        if (context->IsShared)
        {
            TcpWindows.Enter(ref windows);
        }

        windows.Bits |= TcpWindows.Learned;
        if (context->IsShared)
        {
            TcpWindows.Exit(ref windows);
        }
    }
}
