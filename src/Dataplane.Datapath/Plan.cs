using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dataplane.Conntrack;
using Dataplane.Nat;
using Dataplane.Packet;

namespace Dataplane.Datapath;

/// <summary>Where a list stands in the plan.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlanSection
{
    /// <summary>Bytes from the start of the plan.</summary>
    public int Offset;

    /// <summary>Elements.</summary>
    public int Count;
}

/// <summary>The compiled configuration: one flat block of native memory without pointers.</summary>
/// <remarks>
/// Written by <see cref="PlanBuilder"/> before it is published, then only read. Because sections are offsets the block can
/// be copied, sent and checked as bytes. <see cref="RouteTable"/> is the one field that belongs to a process: the environment's
/// handle of the routes it built from this plan.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct Plan
{
    /// <summary>Bytes in the whole block.</summary>
    public int SizeBytes;

    /// <summary>Distinguishes this plan's next hops from an older plan's in the entries' caches; never 0.</summary>
    public ushort Generation;

    public FilterVerdict FilterDefault;

    /// <summary>How strictly TCP is judged.</summary>
    public TcpPolicy Tcp;

    /// <summary>A filter rule asks for invalid packets.</summary>
    public bool FiltersInvalid;

    /// <summary>A filter rule asks for ICMP errors of a connection.</summary>
    public bool FiltersRelated;

    /// <summary>Verify TCP, UDP and ICMP checksums that no NIC has verified.</summary>
    public bool VerifyChecksums;

    /// <summary>Count packets and bytes of every connection.</summary>
    public bool Accounting;

    /// <summary>ICMP errors that one source may cause per second; workers share it evenly.</summary>
    public ushort IcmpErrorsPerSecond;

    /// <summary>The environment's route table for this plan.</summary>
    public nint RouteTable;

    /// <summary>The environment's IPv6 route table for this plan.</summary>
    public nint RouteTable6;

    public PlanSection PortSection;
    public PlanSection AddressSection;
    public PlanSection RouteSection;
    public PlanSection NextHopSection;
    public PlanSection TrackSection;
    public PlanSection DestinationSection;
    public PlanSection FilterSection;
    public PlanSection SourceSection;
    public PlanSection PoolSection;
    public PlanSection RangeSection;
    public PlanSection ReservedSection;
    public PlanSection Address6Section;
    public PlanSection Route6Section;
    public PlanSection Track6Section;
    public PlanSection Filter6Section;

    public TimeoutTable Timeouts;

    public readonly RouterPort* Ports => (RouterPort*)At(PortSection);

    public readonly PortAddress* Addresses => (PortAddress*)At(AddressSection);

    public readonly Route* Routes => (Route*)At(RouteSection);

    public readonly NextHop* NextHops => (NextHop*)At(NextHopSection);

    public readonly TrackRule* TrackRules => (TrackRule*)At(TrackSection);

    public readonly DestinationRule* DestinationRules => (DestinationRule*)At(DestinationSection);

    public readonly FilterRule* FilterRules => (FilterRule*)At(FilterSection);

    public readonly SourceRule* SourceRules => (SourceRule*)At(SourceSection);

    public readonly AddressPool* Pools => (AddressPool*)At(PoolSection);

    public readonly AddressRange* Ranges => (AddressRange*)At(RangeSection);

    public readonly PortAddress6* Addresses6 => (PortAddress6*)At(Address6Section);

    public readonly Route6* Routes6 => (Route6*)At(Route6Section);

    public readonly TrackRule6* Track6Rules => (TrackRule6*)At(Track6Section);

    public readonly FilterRule6* Filter6Rules => (FilterRule6*)At(Filter6Section);

    public readonly ReservedPorts* Reserved => (ReservedPorts*)At(ReservedSection);

    // A plan only ever lives in native memory, so taking its address is sound.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly byte* At(PlanSection section) => (byte*)Unsafe.AsPointer(ref Unsafe.AsRef(in this)) + section.Offset;
}
