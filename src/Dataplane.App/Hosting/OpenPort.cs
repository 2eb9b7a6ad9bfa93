using System;
using System.Linq;
using System.Text.Json;
using Dataplane.Control.Planning;
using Dataplane.Dpdk;
using Dataplane.Packet;
using PortConfiguration = Dataplane.Control.Configuration.PortConfiguration;

namespace Dataplane.App.Hosting;

/// <summary>A configured port and its open device.</summary>
internal sealed class OpenPort : IDisposable
{
    public OpenPort(PortConfiguration configuration, EthernetPort device)
    {
        Configuration = configuration;
        Device = device;
        Mac = configuration.Mac ?? device.Mac;
        JsonName = JsonEncodedText.Encode(configuration.Name);
        JsonDevice = JsonEncodedText.Encode(configuration.Device);
        JsonDriver = JsonEncodedText.Encode(device.Info().Driver);
        Addresses =
        [
            .. configuration.Addresses.Select(address => address.ToString()),
            .. PortAddresses.Ipv6(configuration, Mac).Select(address => address.ToString()),
        ];
        JsonAddresses = Array.ConvertAll(Addresses, address => JsonEncodedText.Encode(address));
    }

    public PortConfiguration Configuration { get; }

    public EthernetPort Device { get; }

    public JsonEncodedText JsonName { get; }

    public JsonEncodedText JsonDevice { get; }

    public JsonEncodedText JsonDriver { get; }

    /// <summary>Every address with its prefix length, as text; the link-local one that the port made itself is the last.</summary>
    public string[] Addresses { get; }

    public JsonEncodedText[] JsonAddresses { get; }

    /// <summary>The address that frames are sent from: the configured one, else the device's.</summary>
    public MacAddress Mac { get; }

    public void Dispose() => Device.Dispose();
}
