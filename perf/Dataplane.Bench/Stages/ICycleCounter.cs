namespace Dataplane.Bench.Stages;

/// <summary>What a <see cref="StageClock{TCounter}"/> reads.</summary>
internal interface ICycleCounter
{
    /// <summary>Cycles since an instant that stays the same; never fewer than before.</summary>
    long Now();
}

/// <summary>The processor's own counter.</summary>
internal readonly struct ProcessorCounter : ICycleCounter
{
    /// <inheritdoc/>
    public long Now() => TimeStampCounter.Now();
}
