using System;
using System.Collections.Generic;
using System.IO;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Packet.Tests;

/// <summary>The tools that other tests rely on.</summary>
public sealed unsafe class TestKitTests
{
    [Fact]
    public void A_built_frame_is_the_one_worked_out_by_hand()
    {
        byte[] frame = new PacketBuilder().Ethernet("02:00:00:00:00:01", "02:00:00:00:00:02").Vlan(5)
            .Ipv4("10.0.0.1", "192.0.2.1").Udp(1000, 53).Payload(0x68, 0x69).Build();
        Assert.Equal(
            "020000000002" + "020000000001" + "81000005" + "0800"
            + "4500001E12344000" + "4011" + "5C99" + "0A000001" + "C0000201"
            + "03E80035000A" + "C751" + "6869",
            Convert.ToHexString(frame));
    }

    [Fact]
    public void A_capture_survives_writing_and_reading()
    {
        var stream = new MemoryStream();
        using (var writer = new PcapWriter(stream))
        {
            TimeSpan time = TimeSpan.FromSeconds(1_700_000_000) + TimeSpan.FromMicroseconds(123_456);
            foreach (byte[] frame in SampleFrames.All.Values)
            {
                writer.Write(frame, time);
            }
        }

        IReadOnlyList<PcapRecord> records = PcapReader.ReadAll(new MemoryStream(stream.ToArray()));
        Assert.Equal(SampleFrames.All.Count, records.Count);
        int index = 0;
        foreach (byte[] frame in SampleFrames.All.Values)
        {
            Assert.Equal(frame, records[index].Frame.ToArray());
            Assert.Equal(frame.Length, records[index].OriginalLengthBytes);
            Assert.Equal(123_456, records[index].Time.Ticks / 10 % 1_000_000);
            index++;
        }
    }

    [Fact]
    public void A_capture_cut_at_any_byte_is_an_error_or_shorter()
    {
        var stream = new MemoryStream();
        using (var writer = new PcapWriter(stream))
        {
            writer.Write(new byte[20]);
            writer.Write(new byte[30]);
        }

        byte[] whole = stream.ToArray();
        for (int length = 0; length < whole.Length; length++)
        {
            using var cut = new MemoryStream(whole, 0, length);
            if (length is 24 or 60)
            {
                Assert.Equal(length == 24 ? 0 : 1, PcapReader.ReadAll(cut).Count);
            }
            else
            {
                Assert.Throws<InvalidDataException>(() => PcapReader.ReadAll(cut));
            }
        }
    }

    [Fact]
    public void A_big_endian_capture_in_nanoseconds_is_read()
    {
        byte[] capture = Convert.FromHexString(
            "A1B23C4D" + "00020004" + "0000000000000000" + "00040000" + "00000001"
            + "00000002" + "00000BB8" + "00000003" + "0000003C" + "AABBCC");
        PcapRecord record = Assert.Single(PcapReader.ReadAll(new MemoryStream(capture)));
        Assert.Equal(TimeSpan.FromSeconds(2) + TimeSpan.FromMicroseconds(3), record.Time);
        Assert.Equal([0xAA, 0xBB, 0xCC], record.Frame.ToArray());
        Assert.Equal(60, record.OriginalLengthBytes);
    }

    [Theory]
    [InlineData("0A0D0D0A")]
    [InlineData("A1B2C3D4" + "00020004" + "0000000000000000" + "00040000" + "00000071")]
    [InlineData("A1B2C3D4" + "00020004" + "0000000000000000" + "00040000" + "00000001" + "0000000000000000" + "7FFFFFFF" + "7FFFFFFF")]
    public void What_is_no_ethernet_capture_is_an_error(string hex)
    {
        byte[] file = [.. Convert.FromHexString(hex), .. new byte[24]];
        Assert.Throws<InvalidDataException>(() => PcapReader.ReadAll(new MemoryStream(file)));
    }

    [Fact]
    public void A_pool_hands_out_each_buffer_once_and_notices_misuse()
    {
        using var pool = new MbufPool(3);
        Mbuf* first = pool.Allocate([1, 2, 3], port: 2, MbufFlags.RxChecksumsGood);
        Mbuf* second = pool.Allocate();
        Mbuf* third = pool.Allocate();
        Assert.True(first != second && second != third && first != third);
        Assert.True(pool.Allocate() == null);
        Assert.Equal(3, pool.InUse);
        Assert.Equal([1, 2, 3], MbufPool.Bytes(first).ToArray());
        Assert.Equal((ushort)2, first->Port);
        Assert.Equal(Mbuf.HeadroomBytes, first->DataOffset);
        Assert.Equal(MbufPool.DataRoomBytes - 3, first->TailroomBytes);
        Assert.Equal(0ul, (ulong)first % 64);

        pool.Free(second);
        Assert.Equal(2, pool.InUse);
        nint freed = (nint)second;
        Assert.Throws<InvalidOperationException>(() => pool.Free((Mbuf*)freed));
        Assert.Throws<InvalidOperationException>(() => pool.Free((Mbuf*)(freed + 64)));
        Assert.Throws<ArgumentException>(() => { pool.Allocate(new byte[MbufPool.DataRoomBytes + 1]); });
        Assert.Equal(2, pool.InUse);
    }

    [Fact]
    public void A_guarded_frame_ends_at_a_page_boundary()
    {
        using var mbuf = new GuardedMbuf();
        foreach (int length in (int[])[0, 1, 60, 1514, 9000])
        {
            byte[] frame = new byte[length];
            Array.Fill(frame, (byte)0x5A);
            Mbuf* loaded = mbuf.Load(frame);
            Assert.Equal(frame, mbuf.Bytes.ToArray());
            Assert.Equal(0ul, (ulong)(loaded->Data + loaded->DataLength) % 4096);
        }
    }
}
