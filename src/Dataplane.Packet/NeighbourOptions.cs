using System.Runtime.InteropServices;

namespace Dataplane.Packet;

/// <summary>Option types of neighbour discovery (RFC 4861 §4.6).</summary>
public static class NeighbourOptionType
{
    public const byte SourceLinkLayer = 1;
    public const byte TargetLinkLayer = 2;
    public const byte PrefixInformation = 3;
    public const byte Mtu = 5;
}

/// <summary>Source or target link-layer address option over Ethernet (RFC 4861 §4.6.1, RFC 2464 §6); 8 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes, Pack = 1)]
public struct LinkLayerOption
{
    public const int SizeBytes = 8;

    [FieldOffset(0)] public byte Type;

    /// <summary>In units of 8 bytes: 1.</summary>
    [FieldOffset(1)] public byte LengthUnits;
    [FieldOffset(2)] public MacAddress Mac;
}

/// <summary>MTU option (RFC 4861 §4.6.4); 8 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes, Pack = 1)]
public struct MtuOption
{
    public const int SizeBytes = 8;

    [FieldOffset(0)] public byte Type;
    [FieldOffset(1)] public byte LengthUnits;
    [FieldOffset(4)] public Be32 MtuBytes;
}

/// <summary>Prefix information option (RFC 4861 §4.6.2); 32 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes, Pack = 1)]
public struct PrefixOption
{
    public const int SizeBytes = 32;

    /// <summary>On-link, and good for addresses that hosts make themselves (RFC 4862 §5.5.3).</summary>
    public const byte OnLinkAutonomous = 0xC0;

    [FieldOffset(0)] public byte Type;
    [FieldOffset(1)] public byte LengthUnits;
    [FieldOffset(2)] public byte PrefixLength;
    [FieldOffset(3)] public byte Flags;
    [FieldOffset(4)] public Be32 ValidSeconds;
    [FieldOffset(8)] public Be32 PreferredSeconds;
    [FieldOffset(16)] public Ipv6Address Prefix;
}

/// <summary>The options of a received message that the router reads.</summary>
public readonly unsafe struct NeighbourOptions
{
    private const int UnitBytes = 8;

    private NeighbourOptions(LinkLayerOption* source, LinkLayerOption* target)
    {
        HasSource = source != null;
        HasTarget = target != null;
        Source = HasSource ? source->Mac : default;
        Target = HasTarget ? target->Mac : default;
    }

    public bool HasSource { get; }

    public bool HasTarget { get; }

    /// <summary>The sender's link-layer address; zero without the option.</summary>
    public MacAddress Source { get; }

    /// <summary>The target's link-layer address; zero without the option.</summary>
    public MacAddress Target { get; }

    /// <summary>Walks the options; unknown ones are passed over (RFC 4861 §4.6).</summary>
    /// <param name="first">Behind the message's fixed part.</param>
    /// <param name="lengthBytes">All that follows; readable.</param>
    /// <param name="options">The first of each kind.</param>
    /// <returns>False when one has no length, does not fit, or is a link-layer address that Ethernet does not have.</returns>
    public static bool TryRead(byte* first, int lengthBytes, out NeighbourOptions options)
    {
        options = default;
        LinkLayerOption* source = null;
        LinkLayerOption* target = null;
        while (lengthBytes > 0)
        {
            int optionBytes = lengthBytes >= 2 ? first[1] * UnitBytes : 0;
            if (optionBytes == 0 || optionBytes > lengthBytes)
            {
                return false;
            }

            var option = (LinkLayerOption*)first;
            if (option->Type is NeighbourOptionType.SourceLinkLayer or NeighbourOptionType.TargetLinkLayer)
            {
                if (optionBytes != LinkLayerOption.SizeBytes || option->Mac.IsGroup)
                {
                    return false;
                }

                if (option->Type == NeighbourOptionType.SourceLinkLayer)
                {
                    source = source == null ? option : source;
                }
                else
                {
                    target = target == null ? option : target;
                }
            }

            first += optionBytes;
            lengthBytes -= optionBytes;
        }

        options = new NeighbourOptions(source, target);
        return true;
    }
}
