using Xunit;

// There is one pair of workers, and it needs both processors.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
