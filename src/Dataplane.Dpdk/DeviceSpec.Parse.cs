using System;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using System.Text.RegularExpressions;

namespace Dataplane.Dpdk;

public sealed partial record DeviceSpec
{
    private const int InterfaceNameMax = 15; // IFNAMSIZ - 1
    private const int TextMax = 1024;

    /// <summary>What may stand in a configuration, for messages.</summary>
    public const string Allowed =
        "a PCI address (0000:3b:00.0), af_xdp:IFACE, af_packet:IFACE, tap:NAME, memif:PARAMETERS, pcap:rx=FILE,tx=FILE, "
        + "pcap:iface=IFACE, null, ring or vdev:DRIVER,PARAMETERS";

    /// <summary>Reads a configured device. Never throws; <paramref name="error"/> is a sentence for the person who
    /// wrote it.</summary>
    public static bool TryParse(
        string? text, [NotNullWhen(true)] out DeviceSpec? device, [NotNullWhen(false)] out string? error)
    {
        device = null;
        error = null;
        if (string.IsNullOrEmpty(text))
        {
            error = $"no device given: must be {Allowed}";
            return false;
        }

        // Everything ends up in one EAL string, whose separators a value must not be able to forge.
        if (text.Length > TextMax || text.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c is '[' or ']' or '"' or '\''))
        {
            error = $"device '{Printable(text)}': at most {TextMax} characters, without blanks, brackets and quotes";
            return false;
        }

        Match pci = PciPattern().Match(text);
        if (pci.Success)
        {
            return TryPci(text, pci, out device, out error);
        }

        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string kind = colon < 0 ? Head(text).Value : text[..colon];
        string argument = colon < 0 ? Head(text).Behind : text[(colon + 1)..];
        (device, error) = kind switch
        {
            "af_xdp" => Interface(DeviceKind.AfXdp, text, argument, ["iface", "start_queue", "queue_count"]),
            "af_packet" => Interface(DeviceKind.AfPacket, text, argument, ["iface", "qpairs", "blocksz", "framesz", "framecnt"]),
            "tap" => Interface(DeviceKind.Tap, text, argument, ["iface"]),
            "memif" => Parametrised(DeviceKind.Memif, text, argument),
            "pcap" => Pcap(text, argument),
            "null" => Parametrised(DeviceKind.Null, text, argument),
            "ring" => Parametrised(DeviceKind.Ring, text, argument),
            "vdev" => Vdev(text, argument),
            _ => (null, $"device '{text}' is not known: must be {Allowed}"),
        };
        return device is not null;
    }

    /// <summary>Parses a literal in code or a test.</summary>
    /// <exception cref="FormatException">The text is not a device.</exception>
    public static DeviceSpec Parse(string text) =>
        TryParse(text, out DeviceSpec? device, out string? error) ? device : throw new FormatException(error);

    [GeneratedRegex(@"^(?<domain>[0-9a-fA-F]{4}:)?(?<bus>[0-9a-fA-F]{2}:[01][0-9a-fA-F]\.[0-7])(,(?<rest>.+))?$")]
    private static partial Regex PciPattern();

    private static bool TryPci(
        string text, Match pci, [NotNullWhen(true)] out DeviceSpec? device, [NotNullWhen(false)] out string? error)
    {
        string domain = pci.Groups["domain"].Success ? pci.Groups["domain"].Value : "0000:";
        string address = string.Concat((domain + pci.Groups["bus"].Value).Select(char.ToLowerInvariant)); // as sysfs writes it
        string rest = pci.Groups["rest"].Value;
        error = ParameterError(text, rest, []);
        device = error is null ? new DeviceSpec(DeviceKind.Pci, text, address) { Parameters = rest } : null;
        return error is null;
    }

    private static (DeviceSpec? Device, string? Error) Interface(DeviceKind kind, string text, string argument, string[] ours)
    {
        (string name, string rest) = Head(argument);
        if (name.Length is 0 or > InterfaceNameMax || name is "." or ".." || name.Any(c => c is '/' or ':' or '=' or '%'))
        {
            return (null,
                $"device '{text}': '{name}' is not an interface name (1 to {InterfaceNameMax} characters, without / : = %)");
        }

        string? error = ParameterError(text, rest, ours);
        return error is null ? (new DeviceSpec(kind, text, name) { Parameters = rest }, null) : (null, error);
    }

    private static (DeviceSpec? Device, string? Error) Parametrised(DeviceKind kind, string text, string argument)
    {
        string? error = ParameterError(text, argument, []);
        return error is null ? (new DeviceSpec(kind, text, argument), null) : (null, error);
    }

    private static (DeviceSpec? Device, string? Error) Pcap(string text, string argument)
    {
        string? error = argument.Length == 0
            ? $"device '{text}': must be pcap:rx=FILE,tx=FILE or pcap:iface=IFACE"
            : ParameterError(text, argument, []);
        if (error is not null)
        {
            return (null, error);
        }

        string[] parameters = [.. argument.Split(',').Select(parameter =>
            parameter.StartsWith("rx=", StringComparison.Ordinal) || parameter.StartsWith("tx=", StringComparison.Ordinal)
                ? $"{parameter[..2]}_pcap{parameter[2..]}"
                : parameter)];
        return (new DeviceSpec(DeviceKind.Pcap, text, string.Join(',', parameters)), null);
    }

    private static (DeviceSpec? Device, string? Error) Vdev(string text, string argument)
    {
        (string name, string rest) = Head(argument);
        if (name.Length is 0 or > 63 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
        {
            return (null, $"device '{text}': must be vdev:DRIVER,PARAMETERS, for example vdev:net_null0,size=64");
        }

        string? error = ParameterError(text, rest, []);
        return error is null ? (new DeviceSpec(DeviceKind.Vdev, text, name) { Parameters = rest }, null) : (null, error);
    }

    private static string? ParameterError(string text, string parameters, string[] ours)
    {
        if (parameters.Length == 0)
        {
            return null;
        }

        foreach (string parameter in parameters.Split(','))
        {
            int equals = parameter.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || equals == parameter.Length - 1)
            {
                return $"device '{text}': '{parameter}' must be KEY=VALUE";
            }

            if (ours.Contains(parameter[..equals]))
            {
                return $"device '{text}': {parameter[..equals]} is set by the port's configuration";
            }
        }

        return null;
    }

    private static (string Value, string Behind) Head(string text)
    {
        int comma = text.IndexOf(',', StringComparison.Ordinal);
        return comma < 0 ? (text, string.Empty) : (text[..comma], text[(comma + 1)..]);
    }

    private static string Printable(string text) =>
        new([.. text.Take(40).Select(c => char.IsControl(c) ? '?' : c)]);
}
