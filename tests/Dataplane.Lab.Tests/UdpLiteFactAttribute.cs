using System;
using System.IO;
using Xunit;

namespace Dataplane.Lab.Tests;

/// <summary>A test that needs UDP-Lite sockets, which not every kernel has.</summary>
internal sealed class UdpLiteFactAttribute : FactAttribute
{
    private const string Protocols = "/proc/net/protocols";

    public UdpLiteFactAttribute()
    {
        if (!File.ReadAllText(Protocols).Contains("UDPLITEv6", StringComparison.Ordinal))
        {
            Skip = $"this kernel has no UDP-Lite sockets ({Protocols})";
        }
    }
}
