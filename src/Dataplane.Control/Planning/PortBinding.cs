using Dataplane.Packet;

namespace Dataplane.Control.Planning;

/// <summary>What opening a port's device told, to go with the port's configuration.</summary>
/// <param name="Mac">The address frames are sent from.</param>
/// <param name="DevicePort">The environment's number of the port.</param>
public readonly record struct PortBinding(MacAddress Mac, ushort DevicePort);
