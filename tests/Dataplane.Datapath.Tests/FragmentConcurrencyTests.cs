using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Datapath.Fragments;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>Needs both processors: nothing else of this assembly runs beside it.</summary>
[CollectionDefinition(nameof(FragmentConcurrencyTests), DisableParallelization = true)]
[Collection(nameof(FragmentConcurrencyTests))]
public sealed unsafe class FragmentConcurrencyTests
{
    private const int Windows = 2000;
    private const int DatagramsPerWindow = 24;

    private readonly List<CrewPiece> _pieces = [];
    private readonly List<int[]> _windows = [];

    [Fact]
    public void Every_fragment_passes_once_and_after_its_first_whichever_worker_gets_it()
    {
        Deal(new Random(3), Windows, isDisturbed: false);
        using FragmentCrew crew = new(new FragmentLimits(), _pieces);
        crew.Run(_windows);
        Assert.Equal(0, crew.Unsettled);
        Assert.Equal(_pieces.Count, crew.Forwarded);
        Assert.Equal(0, crew.Breaches);
        Assert.Equal(0, crew.Tables->Held);
        Assert.Equal(0, crew.Tables->Ipv4.Used);
    }

    /// <summary>With every limit met all the time, and repeated and overlapping pieces: still each packet ends once.</summary>
    [Theory]
    [InlineData(8)]
    [InlineData(64)]
    public void No_fragment_is_lost_or_ends_twice_when_datagrams_are_given_up(int datagrams)
    {
        Deal(new Random(4), Windows, isDisturbed: true);
        FragmentLimits limits = new() { Datagrams = datagrams, PerSource = 2, Held = 24, HeldPerSource = 6, PerDatagram = 12 };
        using FragmentCrew crew = new(limits, _pieces);
        crew.Run(_windows);
        crew.Drain();
        Assert.Equal(0, crew.Unsettled);
        Assert.Equal(0, crew.Breaches);
        Assert.InRange(crew.Forwarded, _pieces.Count / 10, _pieces.Count * 9 / 10);
        Assert.Equal(0, crew.Tables->Held);
        Assert.Equal(0, crew.Tables->Ipv4.Used);
    }

    [Fact]
    public void A_worker_that_does_not_come_back_for_what_arrived_meanwhile_is_found_out()
    {
        Deal(new Random(5), Windows, isDisturbed: false);
        using FragmentCrew crew = new(new FragmentLimits(), _pieces) { AsksOnce = true };
        crew.Run(_windows);
        Assert.NotEqual(0, crew.Unsettled);
    }

    /// <summary>Windows of datagrams whose pieces arrive in any order, in every other window one datagram after the other: both
    /// workers then have pieces of the same one in hand all the time.</summary>
    private void Deal(Random random, int windows, bool isDisturbed)
    {
        for (int datagram = 0; datagram < windows * DatagramsPerWindow;)
        {
            int before = _pieces.Count;
            for (int inWindow = 0; inWindow < DatagramsPerWindow; inWindow++, datagram++)
            {
                List<(int Offset, int Length, bool IsLast)> cut = FragmentShapes.Cut(random, random.Next(500, 1500), 136);
                if (isDisturbed && random.Next(3) == 0)
                {
                    (int offset, int length, bool isLast) = cut[random.Next(cut.Count)];
                    cut.Add(random.Next(2) == 0 ? (offset, length, isLast) : (offset + 8, length, isLast));
                }

                int number = datagram;
                _pieces.AddRange(cut.Select(piece => new CrewPiece(number, piece.Offset, piece.Length, PartOf(piece))));
            }

            int[] window = [.. Enumerable.Range(before, _pieces.Count - before)];
            random.Shuffle(window);
            _windows.Add(_windows.Count % 2 == 0 ? window : [.. window.OrderBy(number => _pieces[number].Datagram)]);
        }

        Assert.True(_pieces.Count > 200_000, $"only {_pieces.Count} pieces");
    }

    private static FragmentPart PartOf((int Offset, int Length, bool IsLast) piece) =>
        piece.Offset == 0 ? FragmentPart.First : piece.IsLast ? FragmentPart.Last : FragmentPart.Middle;
}
