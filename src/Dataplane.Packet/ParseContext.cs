namespace Dataplane.Packet;

/// <summary>What the careful path of <see cref="PacketParser"/> carries from layer to layer; lives on its stack.</summary>
internal unsafe struct ParseContext
{
    /// <summary>Being filled.</summary>
    public PacketMeta* Meta;

    /// <summary>Being filled, for IPv6.</summary>
    public Ipv6Tuple* Tuple6;

    /// <summary>The layer that is parsed next.</summary>
    public byte* Cursor;

    /// <summary>Bytes from <see cref="Cursor"/> on that may be read; shrinks as lengths are learnt.</summary>
    public int AvailableBytes;

    /// <summary>Of the mbuf.</summary>
    public MbufFlags Flags;

    /// <summary>Of the receiving port, host order.</summary>
    public ushort Zone;

    /// <summary>Whether L4 checksums are verified.</summary>
    public bool VerifiesL4;

    /// <summary>For the tuple, from the transport header.</summary>
    public Be16 SourcePort;

    /// <summary>For the tuple, from the transport header.</summary>
    public Be16 DestinationPort;

    /// <summary>IPv6: the fragment header that was passed, of an atomic fragment too; else null.</summary>
    public FragmentHeader* Fragment;

    /// <summary>For the tuple: the type of an ICMP query or reply, else 0.</summary>
    public byte IcmpKind;

    /// <summary>Moves the cursor over a header that lies within the available bytes.</summary>
    public void Skip(int lengthBytes)
    {
        Cursor += lengthBytes;
        AvailableBytes -= lengthBytes;
    }
}
