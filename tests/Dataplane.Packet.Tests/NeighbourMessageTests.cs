using System;
using System.Runtime.InteropServices;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Packet.Tests;

public sealed unsafe class NeighbourMessageTests
{
    private static readonly MacAddress s_mac = MacAddress.Parse("02:00:00:00:00:07");

    [Fact]
    public void Fields_stand_where_rfc_4861_draws_them()
    {
        Assert.Equal((24, 16), (sizeof(NeighbourMessage), sizeof(RouterAdvertisementMessage)));
        Assert.Equal((8, 8, 32), (sizeof(LinkLayerOption), sizeof(MtuOption), sizeof(PrefixOption)));
        Assert.Equal(8, OffsetOf<NeighbourMessage>(nameof(NeighbourMessage.Target)));
        Assert.Equal(4, OffsetOf<NeighbourMessage>(nameof(NeighbourMessage.Flags)));
        Assert.Equal(6, OffsetOf<RouterAdvertisementMessage>(nameof(RouterAdvertisementMessage.LifetimeSeconds)));
        Assert.Equal(12, OffsetOf<RouterAdvertisementMessage>(nameof(RouterAdvertisementMessage.RetransmitMilliseconds)));
        Assert.Equal(4, OffsetOf<MtuOption>(nameof(MtuOption.MtuBytes)));
        Assert.Equal(16, OffsetOf<PrefixOption>(nameof(PrefixOption.Prefix)));
        Assert.Equal(8, OffsetOf<PrefixOption>(nameof(PrefixOption.PreferredSeconds)));
    }

    [Theory]
    [InlineData("2001:db8::12:3456", "ff02::1:ff12:3456", "33:33:ff:12:34:56")]
    [InlineData("fe80::1", "ff02::1:ff00:1", "33:33:ff:00:00:01")]
    [InlineData("2001:db8::", "ff02::1:ff00:0", "33:33:ff:00:00:00")]
    public void The_solicited_node_group_has_the_addresss_last_24_bits(string address, string group, string mac)
    {
        Ipv6Address solicited = Ipv6Multicast.SolicitedNode(Ipv6Address.Parse(address));
        Assert.Equal(Ipv6Address.Parse(group), solicited);
        Assert.Equal(MacAddress.Parse(mac), Ipv6Multicast.Mac(solicited));
    }

    [Fact]
    public void The_fixed_groups_are_those_of_the_link()
    {
        Assert.Equal(Ipv6Address.Parse("ff02::1"), Ipv6Multicast.AllNodes);
        Assert.Equal(Ipv6Address.Parse("ff02::2"), Ipv6Multicast.AllRouters);
    }

    [Fact]
    public void Options_are_found_behind_unknown_ones_and_the_first_of_a_kind_counts()
    {
        byte[] bytes =
        [
            14, 2, .. new byte[14], .. PacketBuilder.LinkLayerOption(1, s_mac), 200, 1, 0, 0, 0, 0, 0, 0,
            .. PacketBuilder.LinkLayerOption(1, MacAddress.Parse("02:00:00:00:00:09")),
        ];
        Assert.True(TryRead(bytes, out NeighbourOptions options));
        Assert.True(options.HasSource);
        Assert.Equal(s_mac, options.Source);
        Assert.False(options.HasTarget);
        Assert.True(TryRead(PacketBuilder.LinkLayerOption(2, s_mac), out options));
        Assert.Equal((false, true), (options.HasSource, options.HasTarget));
        Assert.Equal(s_mac, options.Target);
        Assert.True(TryRead([], out options));
        Assert.False(options.HasSource || options.HasTarget);
    }

    public static TheoryData<byte[]> BadOptions =>
    [
        [1], [1, 0], [14, 0, 0, 0, 0, 0, 0, 0], [14, 2, 0, 0, 0, 0, 0, 0], [1, 2, .. new byte[14]],
        PacketBuilder.LinkLayerOption(1, MacAddress.Broadcast), PacketBuilder.LinkLayerOption(2, MacAddress.Parse("01:00:5e:00:00:01")),
        [.. PacketBuilder.LinkLayerOption(1, s_mac), 3],
    ];

    [Theory]
    [MemberData(nameof(BadOptions))]
    public void Options_without_length_or_fit_are_refused(byte[] bytes) => Assert.False(TryRead(bytes, out _));

    [Fact]
    public void Random_options_are_walked_without_a_byte_too_many()
    {
        Random random = new(3);
        using GuardedMbuf mbuf = new();
        int accepted = 0;
        for (int round = 0; round < 200_000; round++)
        {
            byte[] bytes = new byte[random.Next(8) * 8 + (random.Next(4) == 0 ? random.Next(8) : 0)];
            random.NextBytes(bytes);
            for (int option = 0; option < bytes.Length; option += 8)
            {
                bytes[option] = (byte)random.Next(4);
                bytes[Math.Min(option + 1, bytes.Length - 1)] = (byte)random.Next(3);
            }

            Mbuf* loaded = mbuf.Load(bytes);
            accepted += NeighbourOptions.TryRead(loaded->Data, bytes.Length, out _) ? 1 : 0;
        }

        Assert.InRange(accepted, 1000, 199_000);
    }

    private static bool TryRead(byte[] bytes, out NeighbourOptions options)
    {
        fixed (byte* first = bytes)
        {
            return NeighbourOptions.TryRead(first, bytes.Length, out options);
        }
    }

    private static int OffsetOf<T>(string field) => (int)Marshal.OffsetOf<T>(field);
}
