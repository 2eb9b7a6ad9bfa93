using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Dataplane.Datapath.Fragments;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>One datagram's pieces: what fits, what does not, and when all are there.</summary>
public sealed unsafe class FragmentRecordTests : IDisposable
{
    private readonly FragmentRecord* _record = (FragmentRecord*)NativeMemory.AlignedAlloc(FragmentRecord.SizeBytes, 64);

    public FragmentRecordTests() => _record->Begin(1, 2);

    public void Dispose() => NativeMemory.AlignedFree(_record);

    [Fact]
    public void The_layout_is_the_documented_one()
    {
        Assert.Equal(FragmentRecord.SizeBytes, sizeof(FragmentRecord));
        Assert.Equal(FragmentSet.SizeBytes, sizeof(FragmentSet));
        Assert.Equal(FragmentSource.SizeBytes, sizeof(FragmentSource));
        Assert.Equal(6, sizeof(FragmentTransport));
    }

    /// <summary>Every shape of overlap with the piece 80 to 160, in both orders of arrival.</summary>
    [Theory]
    [InlineData(80, 72, FragmentFit.Overlap)] // shorter, same start
    [InlineData(88, 72, FragmentFit.Overlap)] // same end
    [InlineData(88, 8, FragmentFit.Overlap)] // inside
    [InlineData(72, 96, FragmentFit.Overlap)] // around
    [InlineData(72, 16, FragmentFit.Overlap)] // over the start
    [InlineData(152, 16, FragmentFit.Overlap)] // over the end
    [InlineData(80, 88, FragmentFit.Overlap)] // longer, same start
    [InlineData(80, 80, FragmentFit.Duplicate)]
    [InlineData(72, 8, FragmentFit.Added)] // touches the start
    [InlineData(160, 8, FragmentFit.Added)] // touches the end
    public void A_piece_that_shares_a_byte_overlaps(int offset, int length, FragmentFit expected)
    {
        Assert.Equal(FragmentFit.Added, Add(80, 80));
        Assert.Equal(expected, Add(offset, length));
        _record->Begin(1, 2);
        Assert.Equal(FragmentFit.Added, Add(offset, length));
        Assert.Equal(expected, Add(80, 80));
    }

    [Fact]
    public void A_datagram_has_one_end()
    {
        Assert.Equal(FragmentFit.Added, Add(80, 33, isLast: true));
        Assert.Equal(FragmentFit.Duplicate, Add(80, 33, isLast: true));
        Assert.Equal(FragmentFit.Overlap, Add(80, 33));
        Assert.Equal(FragmentFit.Overlap, Add(160, 1, isLast: true));
        Assert.Equal(FragmentFit.Overlap, Add(72, 8, isLast: true));
        Assert.Equal(FragmentFit.Overlap, Add(160, 8));
        _record->Begin(1, 2);
        Assert.Equal(FragmentFit.Added, Add(160, 8));
        Assert.Equal(FragmentFit.Overlap, Add(80, 33, isLast: true));
        Assert.Equal(FragmentFit.Overlap, Add(160, 8, isLast: true));
    }

    [Fact]
    public void A_datagram_of_the_largest_size_completes()
    {
        Assert.Equal(FragmentFit.Added, Add(65528, 7, isLast: true));
        for (int offset = 0; offset < 65528; offset += 1064)
        {
            Assert.False(_record->IsComplete);
            Assert.Equal(FragmentFit.Added, Add(offset, Math.Min(1064, 65528 - offset)));
        }

        Assert.True(_record->IsComplete);
    }

    [Fact]
    public void The_piece_after_the_last_allowed_one_is_too_many()
    {
        for (int piece = 0; piece < FragmentLimits.PerDatagramMax; piece++)
        {
            Assert.Equal(FragmentFit.Added, Add(piece * 8, 8));
        }

        Assert.Equal(FragmentFit.Duplicate, Add(8, 8));
        Assert.Equal(FragmentFit.TooMany, Add(FragmentLimits.PerDatagramMax * 8, 8));
    }

    [Fact]
    public void Held_packets_come_out_in_the_order_of_arrival_with_their_ports()
    {
        for (int index = 0; index < FragmentLimits.PerDatagramMax; index++)
        {
            _record->Hold((Mbuf*)(nint)(1000 + index), (byte)(index ^ 5));
        }

        FragmentBatch batch;
        _record->TakeHeld(&batch);
        Assert.Equal(FragmentLimits.PerDatagramMax, batch.Count);
        for (int index = 0; index < batch.Count; index++)
        {
            Assert.Equal(1000ul + (ulong)index, batch.Packets[index]);
            Assert.Equal(index ^ 5, batch.Ports[index]);
        }

        _record->TakeHeld(&batch);
        Assert.Equal(0, batch.Count);
    }

    /// <summary>Datagrams cut at random, mostly sound, with what goes wrong on a path and what an attacker adds.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_hundred_thousand_random_pieces_fit_as_the_reference_says(int seed)
    {
        Random random = new(seed);
        Dictionary<FragmentFit, int> seen = [];
        int completed = 0;
        for (int pieces = 0; pieces < 100_000;)
        {
            _record->Begin(1, 2);
            FragmentReference reference = new();
            int piecesMax = random.Next(4) == 0 ? random.Next(2, 8) : FragmentLimits.PerDatagramMax;
            foreach ((int offset, int length, bool isLast) in FragmentShapes.Disturbed(random))
            {
                FragmentFit expected = reference.Add(offset, length, isLast, piecesMax);
                FragmentFit actual = _record->Add(offset, length, isLast, piecesMax);
                Assert.True(expected == actual, $"seed {seed}, piece {pieces}: {offset}+{length} {isLast}: {actual}, expected {expected}");
                seen[actual] = seen.GetValueOrDefault(actual) + 1;
                Assert.Equal(reference.Count, _record->PieceCount);
                pieces++;
            }

            Assert.Equal(reference.IsComplete, _record->IsComplete);
            completed += reference.IsComplete ? 1 : 0;
        }

        Assert.All(Enum.GetValues<FragmentFit>(), fit => Assert.True(seen[fit] > 500, $"only {seen[fit]} {fit}"));
        Assert.True(completed > 1000, $"only {completed} complete datagrams");
    }

    private FragmentFit Add(int offset, int length, bool isLast = false) =>
        _record->Add(offset, length, isLast, FragmentLimits.PerDatagramMax);
}
