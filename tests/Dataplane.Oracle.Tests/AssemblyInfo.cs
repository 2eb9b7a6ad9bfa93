using Xunit;

// The kernel side is one router in one namespace, whose packets are told apart by their order.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
