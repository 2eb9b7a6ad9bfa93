using Dataplane.Datapath;

namespace Dataplane.Bench.Stages;

/// <summary>On what a <see cref="StageClock{TCounter}"/> books: every <see cref="PipelineStage"/>, and the port.</summary>
internal static class StageAccounts
{
    /// <summary>Where the port's cycles are: behind those of the stages.</summary>
    public const int Port = (int)PipelineStage.Housekeeping + 1;

    /// <summary>How many there are.</summary>
    public const int Count = Port + 1;

    /// <summary>A span this long is somebody else's. About 0.4 ms at 2.6 GHz: ten times what the slowest stage takes for a burst, and
    /// less than the share that the kernel's scheduler gives to another thread.</summary>
    public const long AwayCycles = 1 << 20;
}
