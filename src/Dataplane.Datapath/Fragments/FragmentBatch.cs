using System.Runtime.InteropServices;
using Dataplane.Packet;

namespace Dataplane.Datapath.Fragments;

/// <summary>The packets of one datagram that stop waiting, to go on or to be dropped; lives on a worker's stack.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct FragmentBatch
{
    public int Count;

    /// <summary>Why they are dropped; None when they go on.</summary>
    public DropReason Reason;
    public FragmentTransport Transport;
    public fixed ulong Packets[FragmentLimits.PerDatagramMax];

    /// <summary>Port index in the plan that each came in by.</summary>
    public fixed byte Ports[FragmentLimits.PerDatagramMax];
}

/// <summary>What the worker that has a first fragment in hand keeps until the datagram's other fragments have followed it.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FragmentRelease
{
    /// <summary>The record to go back to and one; 0 when there is none.</summary>
    public uint Ticket;

    /// <summary>The next packet of the batch.</summary>
    public int Next;
    public bool IsIpv6;

    /// <summary>Also serves for packets that are dropped.</summary>
    public FragmentBatch Batch;
}
