using System.Text.Json;

namespace Dataplane.Lab;

/// <summary>Reads the report of <c>iperf3 -J</c>.</summary>
internal static class IperfReport
{
    /// <summary>Received bits per second over the whole run.</summary>
    /// <exception cref="LabException">Not such a report.</exception>
    public static double ReceivedBitsPerSecond(string json)
    {
        try
        {
            using JsonDocument report = JsonDocument.Parse(json);
            return report.RootElement.GetProperty("end").GetProperty("sum_received").GetProperty("bits_per_second").GetDouble();
        }
        catch (System.Exception e) when (e is JsonException or System.Collections.Generic.KeyNotFoundException)
        {
            throw new LabException($"not a report of iperf3: {e.Message}\n{json}", e);
        }
    }
}
