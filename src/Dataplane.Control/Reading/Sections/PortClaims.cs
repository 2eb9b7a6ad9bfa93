using System;
using System.Collections.Generic;
using Dataplane.Control.Configuration;

namespace Dataplane.Control.Reading.Sections;

/// <summary>What the ports read so far have taken, so that no other port takes it too.</summary>
internal sealed class PortClaims
{
    /// <summary>The port's name by its device.</summary>
    internal Dictionary<string, string> Devices { get; } = new(StringComparer.OrdinalIgnoreCase);

    internal List<(Ipv4Prefix Prefix, string Port)> Prefixes { get; } = [];

    /// <summary>Without the link-local ones, which every link has.</summary>
    internal List<(Ipv6Prefix Prefix, string Port)> Prefixes6 { get; } = [];
}
