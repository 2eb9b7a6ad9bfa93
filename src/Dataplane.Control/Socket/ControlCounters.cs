namespace Dataplane.Control.Socket;

/// <summary>What the control server has done since it started. Written and read on the control thread.</summary>
public struct ControlCounters
{
    public long Accepted;

    /// <summary>Connections refused because every client slot was taken.</summary>
    public long Refused;

    /// <summary>Requests answered with ok.</summary>
    public long Served;

    /// <summary>Requests answered with an error.</summary>
    public long Rejected;

    /// <summary>Clients closed because they sent nothing.</summary>
    public long Idle;

    /// <summary>Clients closed because they stopped reading.</summary>
    public long Slow;

    /// <summary>Rows that a source could not write.</summary>
    public long RowsFailed;
}
