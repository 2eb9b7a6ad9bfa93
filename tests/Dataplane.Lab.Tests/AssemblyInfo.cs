using Xunit;

// Labs share the machine's few CPUs: two routers at a time would measure each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
