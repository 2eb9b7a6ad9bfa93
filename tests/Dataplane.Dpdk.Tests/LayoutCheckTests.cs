using System.Collections.Generic;
using System.Linq;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Dpdk.Tests;

/// <summary>Loads the shim, which needs libdpdk but not the EAL.</summary>
public sealed class LayoutCheckTests
{
    [Fact]
    public void The_mbuf_of_this_build_is_dpdks() => LayoutCheck.Verify();

    [Fact]
    public void Every_mbuf_field_is_compared() => Assert.Equal(20, LayoutCheck.NativeFields().Count);

    [Fact]
    public void A_field_at_another_offset_is_named_with_both()
    {
        string? difference = Compare(fields => fields.Name == nameof(Mbuf.PacketLength) ? fields with { Offset = 40 } : fields);
        Assert.Equal("PacketLength is at offset 36 with 4 bytes here, at offset 40 with 4 bytes in DPDK", difference);
    }

    [Fact]
    public void A_field_of_another_size_is_named()
    {
        string? difference = Compare(fields => fields.Name == nameof(Mbuf.Flags) ? fields with { Size = 4 } : fields);
        Assert.StartsWith("Flags is at offset 24 with 8 bytes here", difference, System.StringComparison.Ordinal);
    }

    [Fact]
    public void A_field_that_one_side_lacks_is_named()
    {
        IReadOnlyList<LayoutField> managed = LayoutCheck.ManagedFields();
        IReadOnlyList<LayoutField> native = LayoutCheck.NativeFields();
        LayoutField extra = new("Extra", 0, 8);
        Assert.Equal("Extra is missing here", LayoutCheck.Difference(managed, Values(), [.. native, extra], Values()));
        Assert.Equal("Extra is unknown to the shim", LayoutCheck.Difference([.. managed, extra], Values(), native, Values()));
    }

    [Fact]
    public void A_flag_of_another_value_is_named()
    {
        Dictionary<string, ulong> native = new(LayoutCheck.NativeValues()) { [nameof(MbufFlags.RxVlanStripped)] = 2 };
        string? difference = LayoutCheck.Difference(LayoutCheck.ManagedFields(), Values(), LayoutCheck.NativeFields(), native);
        Assert.Equal("RxVlanStripped is 64 here, 2 in DPDK", difference);
    }

    private static IReadOnlyDictionary<string, ulong> Values() => LayoutCheck.ManagedValues();

    private static string? Compare(System.Func<LayoutField, LayoutField> plant) => LayoutCheck.Difference(
        LayoutCheck.ManagedFields(), Values(), [.. LayoutCheck.NativeFields().Select(plant)], LayoutCheck.NativeValues());
}
