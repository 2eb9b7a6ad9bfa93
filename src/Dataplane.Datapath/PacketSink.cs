using System.Runtime.CompilerServices;
using Dataplane.Packet;

namespace Dataplane.Datapath;

/// <summary>The ends of a packet's way: each packet passes through exactly one of these, which counts it.</summary>
public static unsafe class PacketSink
{
    /// <summary>Drops a packet for one reason.</summary>
    public static void Drop<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, DropReason reason)
        where TEnv : struct, IEnvironment
    {
        context->Counters->Drops[(int)reason]++;
        Release(context, ref env, packet);
    }

    /// <summary>Ends a packet that has served its purpose here.</summary>
    public static void Consume<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet)
        where TEnv : struct, IEnvironment
    {
        context->Counters->Consumed++;
        Release(context, ref env, packet);
    }

    /// <summary>Lets a finished frame leave by a port at the end of the poll.</summary>
    /// <remarks>Inlined: every forwarded packet comes here.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transmit<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, byte port)
        where TEnv : struct, IEnvironment
    {
        TransmitBuffer* buffer = context->Transmit + port;
        buffer->Packets[buffer->Count] = packet;
        if (++buffer->Count == WorkerContext.TransmitMax)
        {
            Stages.Transmit.Flush(context, ref env, port);
        }
    }

    /// <summary>Frees what waits to be freed.</summary>
    public static void Flush<TEnv>(WorkerContext* context, ref TEnv env)
        where TEnv : struct, IEnvironment
    {
        if (context->FreeCount > 0)
        {
            env.Free(context->FreeList, context->FreeCount);
            context->FreeCount = 0;
        }
    }

    private static void Release<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet)
        where TEnv : struct, IEnvironment
    {
        context->FreeList[context->FreeCount] = packet;
        if (++context->FreeCount == WorkerContext.FreeMax)
        {
            Flush(context, ref env);
        }
    }
}
