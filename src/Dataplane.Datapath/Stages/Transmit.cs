using Dataplane.Packet;

namespace Dataplane.Datapath.Stages;

/// <summary>Last stage: a burst to each egress queue, by way of the owner where the queue is another worker's.</summary>
public static unsafe class Transmit
{
    /// <summary>Empties the buffers of all ports; once per poll.</summary>
    public static void FlushAll<TEnv>(WorkerContext* context, ref TEnv env)
        where TEnv : struct, IEnvironment
    {
        for (byte port = 0; port < context->PortCount; port++)
        {
            if (context->Transmit[port].Count > 0)
            {
                Flush(context, ref env, port);
            }
        }
    }

    /// <summary>Empties the buffer of one port.</summary>
    public static void Flush<TEnv>(WorkerContext* context, ref TEnv env, byte port)
        where TEnv : struct, IEnvironment
    {
        TransmitBuffer* buffer = context->Transmit + port;
        int count = buffer->Count;
        buffer->Count = 0;
        if (buffer->Queue >= 0)
        {
            Send(context, ref env, port, buffer->Packets, count);
            return;
        }

        int taken = buffer->Ring->Push(buffer->Packets, count);
        context->Counters->HeldIn += (uint)taken;
        for (int index = taken; index < count; index++)
        {
            PacketSink.Drop(context, ref env, buffer->Packets[index], DropReason.HandoverFull);
        }
    }

    /// <summary>Takes what other workers handed over and transmits it; once per poll.</summary>
    /// <returns>Packets taken.</returns>
    public static int Drain<TEnv>(WorkerContext* context, ref TEnv env)
        where TEnv : struct, IEnvironment
    {
        int total = 0;
        for (int ring = 0; ring < context->OwnedRingCount; ring++)
        {
            OwnedRing owned = context->OwnedRings[ring];
            int taken = owned.Ring->Pop(context->Burst, WorkerContext.BurstMax);
            context->Counters->HeldOut += (uint)taken;
            for (int index = 0; index < taken; index++)
            {
                PacketSink.Transmit(context, ref env, context->Burst[index], owned.Port);
            }

            total += taken;
        }

        return total;
    }

    private static void Send<TEnv>(WorkerContext* context, ref TEnv env, byte port, Mbuf** packets, int count)
        where TEnv : struct, IEnvironment
    {
        ushort devicePort = context->Plan->Ports[port].DevicePort;
        int sent = env.TransmitBurst(devicePort, (ushort)context->Transmit[port].Queue, packets, count);
        context->Counters->Transmitted += (uint)sent;
        for (int index = sent; index < count; index++)
        {
            PacketSink.Drop(context, ref env, packets[index], DropReason.TransmitRefused);
        }
    }
}
