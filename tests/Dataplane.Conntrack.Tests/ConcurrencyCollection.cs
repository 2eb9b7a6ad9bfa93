using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>Tests that need both processors: nothing else of this assembly runs beside them.</summary>
[CollectionDefinition(nameof(ConcurrencyCollection), DisableParallelization = true)]
public sealed class ConcurrencyCollection;
