namespace Dataplane.Conntrack;

/// <summary>Which way a packet travels on its connection.</summary>
public enum Direction : byte
{
    /// <summary>As the packet that opened the connection.</summary>
    Original = 0,

    /// <summary>Against it.</summary>
    Reply = 1,
}
