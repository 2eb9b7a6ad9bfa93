using System.Text.Json;
using Dataplane.Dpdk;

namespace Dataplane.App.Hosting;

/// <content>Ports.</content>
internal sealed unsafe partial class ShowSource
{
    private void WritePort(int index, Utf8JsonWriter writer)
    {
        OpenPort port = _ports[index];
        PortStatistics statistics = port.Device.Statistics();
        LinkStatus link = port.Device.Link();
        writer.WriteStartObject();
        writer.WriteString("port"u8, port.JsonName);
        writer.WriteString("device"u8, port.JsonDevice);
        writer.WriteString("driver"u8, port.JsonDriver);
        ShowText.Mac(writer, "mac"u8, port.Mac.Raw48);
        writer.WriteNumber("mtu"u8, port.Configuration.MtuBytes);
        writer.WriteString("link"u8, link.IsUp ? "up"u8 : "down"u8);
        if (link.SpeedMbps is uint speed)
        {
            writer.WriteNumber("speedMbps"u8, speed);
        }
        else
        {
            writer.WriteNull("speedMbps"u8);
        }

        writer.WriteNumber("rxPackets"u8, statistics.RxPackets);
        writer.WriteNumber("txPackets"u8, statistics.TxPackets);
        writer.WriteNumber("rxBytes"u8, statistics.RxBytes);
        writer.WriteNumber("txBytes"u8, statistics.TxBytes);
        writer.WriteNumber("rxMissed"u8, statistics.RxMissed);
        writer.WriteNumber("rxErrors"u8, statistics.RxErrors);
        writer.WriteNumber("rxNoMbuf"u8, statistics.RxNoMbuf);
        writer.WriteNumber("txErrors"u8, statistics.TxErrors);
        writer.WriteNumber("rxQueues"u8, port.Device.RxQueues);
        writer.WriteNumber("txQueues"u8, port.Device.TxQueues);
        writer.WriteStartArray("addresses"u8);
        foreach (JsonEncodedText address in port.JsonAddresses)
        {
            writer.WriteStringValue(address);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
