namespace Dataplane.Datapath.SlowPath;

/// <summary>What is to become of a packet that belongs to no connection.</summary>
public enum AdmissionVerdict : byte
{
    /// <summary>Not judged yet.</summary>
    None = 0,

    /// <summary>Open a connection.</summary>
    Open,

    /// <summary>Forward it without one, as a track rule says.</summary>
    Untracked,

    /// <summary>It can open nothing, for a reason of its protocol.</summary>
    Invalid,

    /// <summary>It is for the router itself.</summary>
    Local,

    /// <summary>IPv6: from or to an address that means something on its link only.</summary>
    OnLink,

    /// <summary>Drop it in silence.</summary>
    Drop,

    /// <summary>Drop it and tell the sender.</summary>
    Refuse,

    /// <summary>Drop it and tell the sender what size would do.</summary>
    RefuseTooBig,
}
