using System;
using Dataplane.Oracle.Tests.Kernel;
using Xunit;

namespace Dataplane.Oracle.Tests;

/// <summary>Both routers, made once for all comparisons.</summary>
/// <remarks>Made when the first test asks, so that where the tests are skipped nothing is.</remarks>
public sealed class OracleFixture : IDisposable
{
    private readonly Lazy<NetfilterRouter> _kernel = new(() => new NetfilterRouter());
    private readonly Lazy<OurRouter> _ours = new(() => new OurRouter());

    /// <summary>The router under test, for what is not compared.</summary>
    internal Contender Ours => _ours.Value;

    /// <summary>Compares on a flow that nobody has used.</summary>
    internal Duel Begin(byte protocol, bool isIpv6 = false) => Begin(Neighbourhood.NewFlow(protocol, isIpv6));

    internal Duel Begin(Flow flow) => new(_kernel.Value, _ours.Value, flow);

    public void Dispose()
    {
        try
        {
            Free(_ours);
        }
        finally
        {
            Free(_kernel);
        }
    }

    private static void Free<T>(Lazy<T> made)
        where T : IDisposable
    {
        if (made.IsValueCreated)
        {
            made.Value.Dispose();
        }
    }
}

/// <summary>The tests that share the two routers, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class OracleCollection : ICollectionFixture<OracleFixture>
{
    public const string Name = "netfilter";
}
