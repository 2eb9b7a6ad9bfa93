namespace Dataplane.Conntrack;

/// <summary>How strictly TCP is judged; a copy of the plan's settings.</summary>
/// <param name="IsLoose">Take up connections whose beginning was not seen, by a segment with ACK and without SYN, FIN and RST.</param>
/// <param name="IsLiberal">Forward segments outside the window; a reset outside it is refused all the same.</param>
/// <param name="RetransmissionsMax">
/// Repetitions without an answer, 1 to <see cref="TcpWindows.RetransmissionsMax"/>, from which on <see
/// cref="ConnectionState.TcpRetransmitting"/> caps the timeout.
/// </param>
public readonly record struct TcpPolicy(bool IsLoose, bool IsLiberal, byte RetransmissionsMax)
{
    /// <summary>Nothing is taken up mid-stream, everything is judged, three repetitions.</summary>
    public static TcpPolicy Strict => new(IsLoose: false, IsLiberal: false, RetransmissionsMax: 3);
}
