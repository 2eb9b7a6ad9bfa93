using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using Dataplane.Bench.Stages;
using Dataplane.Datapath;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>On what cycles are booked, by a counter that the test moves.</summary>
public sealed class StageClockTests
{
    private const PipelineStage First = PipelineStage.Poll;
    private const PipelineStage Second = PipelineStage.Housekeeping;

    private readonly StrongBox<long> _now = new(1000);

    [Fact]
    public void The_end_of_a_stage_takes_what_has_passed_since_the_end_before()
    {
        StageClock<HandCounter> clock = Started();
        _now.Value += 30;
        clock.End(First);
        _now.Value += 50;
        clock.End(Second);
        _now.Value += 7;
        clock.End(First);
        Assert.Equal(37, clock.Cycles((int)First));
        Assert.Equal(50, clock.Cycles((int)Second));
        Assert.Equal(87, clock.Booked);
    }

    [Fact]
    public void What_the_port_takes_is_none_of_the_stage_around_it()
    {
        StageClock<HandCounter> clock = Started();
        _now.Value += 10;
        CallPort(clock, 400);
        _now.Value += 5;
        CallPort(clock, 300);
        clock.End(First);
        _now.Value += 8;
        clock.End(Second);
        Assert.Equal(700, clock.Cycles(StageAccounts.Port));
        Assert.Equal(15, clock.Cycles((int)First));
        Assert.Equal(8, clock.Cycles((int)Second));
        Assert.Equal(723, clock.Booked);
    }

    [Theory]
    [InlineData(StageAccounts.AwayCycles - 1, 0)]
    [InlineData(StageAccounts.AwayCycles, StageAccounts.AwayCycles)]
    public void A_span_too_long_for_a_stage_was_somebody_elses(long span, long away)
    {
        StageClock<HandCounter> clock = Started();
        _now.Value += span;
        clock.End(First);
        Assert.Equal(away, clock.Away);
        Assert.Equal(span - away, clock.Cycles((int)First));
        Assert.Equal(span, clock.Booked);
    }

    [Fact]
    public void Who_takes_the_processor_from_the_port_takes_it_from_no_stage()
    {
        StageClock<HandCounter> clock = Started();
        _now.Value += 10;
        CallPort(clock, 3 * StageAccounts.AwayCycles);
        _now.Value += 5;
        clock.End(First);
        Assert.Equal(3 * StageAccounts.AwayCycles, clock.Away);
        Assert.Equal(0, clock.Cycles(StageAccounts.Port));
        Assert.Equal(15, clock.Cycles((int)First));
    }

    [Fact]
    public void Whatever_happens_every_cycle_is_booked_once()
    {
        Gen<Span> spans =
            from account in Gen.Choose(0, StageAccounts.Count - 1)
            from isLong in Gen.Frequency((9, Gen.Constant(false)), (1, Gen.Constant(true)))
            from cycles in isLong ? Gen.Choose((int)StageAccounts.AwayCycles, int.MaxValue) : Gen.Choose(0, 100_000)
            select new Span(account, cycles);
        Prop.ForAll(spans.ListOf().ToArbitrary(), IsEachBookedOnce).Check(Config.QuickThrowOnFailure);
    }

    [Fact]
    public void What_readings_take_is_measured_and_taken_off()
    {
        const long step = 25;
        StageClock<HandCounter> clock = new(new HandCounter(_now, step));
        clock.Calibrate();
        Assert.Equal(step, clock.StageCost);
        Assert.Equal(2 * step, clock.PortCost, 0.1); // a reading in it, and one beside it
        clock.Start();
        for (int round = 0; round < 100; round++)
        {
            CallPort(clock, 0);
            _now.Value += 1000;
            clock.End(First);
        }

        Assert.Equal(100_000, clock.Cycles((int)First), 10.0);
        Assert.Equal(0, clock.Cycles(StageAccounts.Port), 10.0);
        Assert.Equal(100 * (1000 + 3 * step), clock.Booked);
        Assert.Equal(clock.Booked, clock.Cycles((int)First) + clock.Cycles(StageAccounts.Port)
            + clock.Readings((int)First) + clock.Readings(StageAccounts.Port), 0.001);
    }

    [Fact]
    public void A_reading_in_a_span_that_was_somebody_elses_is_not_taken_off_the_stage()
    {
        const long step = 25;
        StageClock<HandCounter> clock = new(new HandCounter(_now, step));
        clock.Calibrate();
        clock.Start();
        CallPort(clock, StageAccounts.AwayCycles);
        _now.Value += StageAccounts.AwayCycles;
        clock.End(First);
        Assert.Equal(0, clock.Cycles((int)First));
        Assert.Equal(0, clock.Cycles(StageAccounts.Port));
    }

    [Fact]
    public void A_start_forgets_everything()
    {
        StageClock<HandCounter> clock = Started();
        _now.Value += StageAccounts.AwayCycles;
        clock.End(First);
        CallPort(clock, 10);
        _now.Value += 40;
        clock.Start();
        Assert.Equal(0, clock.Booked);
        _now.Value += 3;
        clock.End(Second);
        Assert.Equal(3, clock.Booked);
    }

    /// <summary>Books the spans and compares with sums that are simply added.</summary>
    private bool IsEachBookedOnce(IEnumerable<Span> spans)
    {
        StageClock<HandCounter> clock = Started();
        long began = _now.Value;
        long[] booked = new long[StageAccounts.Count];
        long away = 0;
        foreach (Span span in spans)
        {
            if (span.Account == StageAccounts.Port)
            {
                CallPort(clock, span.Cycles);
            }
            else
            {
                _now.Value += span.Cycles;
                clock.End((PipelineStage)span.Account);
            }

            (booked[span.Account], away) = span.Cycles < StageAccounts.AwayCycles
                ? (booked[span.Account] + span.Cycles, away)
                : (booked[span.Account], away + span.Cycles);
        }

        return clock.Booked == _now.Value - began && clock.Away == away
            && Enumerable.Range(0, StageAccounts.Count).All(account => clock.Cycles(account).Equals(booked[account]));
    }

    private StageClock<HandCounter> Started()
    {
        StageClock<HandCounter> clock = new(new HandCounter(_now, 0));
        clock.Start();
        return clock;
    }

    private void CallPort(StageClock<HandCounter> clock, long cycles)
    {
        long entered = clock.EnterPort();
        _now.Value += cycles;
        clock.LeavePort(entered);
    }

    private readonly record struct Span(int Account, long Cycles);

    /// <summary>Goes on by a step with every reading, and by what the test adds.</summary>
    private readonly struct HandCounter(StrongBox<long> now, long step) : ICycleCounter
    {
        public long Now() => now.Value += step;
    }
}
