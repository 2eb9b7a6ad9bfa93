using System.Collections.Generic;

namespace Dataplane.Oracle.Tests;

/// <summary>Conversations written by hand, each for one thing that endpoints, middleboxes or attackers do.</summary>
internal static class TcpScripts
{
    /// <summary>Windows of 1000 bytes, no scaling.</summary>
    public static readonly string[] Open = ["> S 0 : SYN_SENT", "< SA 0 a=1 : SYN_RECV", "> A 1 a=1 : ESTABLISHED"];

    /// <summary>Windows of 1000 units; 128 bytes each at the client, 16 at the server.</summary>
    public static readonly string[] OpenScaled =
        ["> S 0 ws=7 : SYN_SENT", "< SA 0 a=1 ws=4 : SYN_RECV", "> A 1 a=1 : ESTABLISHED", "< A 1 a=1 : ESTABLISHED"];

    public static readonly string[] Closed =
        [.. Open, "> FA 1 a=1 : FIN_WAIT", "< A 1 a=2 : CLOSE_WAIT", "< FA 1 a=2 : LAST_ACK", "> A 2 a=2 : TIME_WAIT"];

    public static IReadOnlyDictionary<string, string[]> All { get; } = new Dictionary<string, string[]>
    {
        // Opening
        ["handshake"] = Open,
        ["handshake with all options"] = ["> S 0 ws=7 ts : SYN_SENT", "< SA 0 a=1 ws=9 ts : SYN_RECV", "> A 1 a=1 ts : ESTABLISHED"],
        ["handshake with ECN"] = ["> SEC 0 : SYN_SENT", "< SAE 0 a=1 : SYN_RECV", "> A 1 a=1 : ESTABLISHED"],
        ["SYN repeated"] = ["> S 0 : SYN_SENT", "> S 0 : SYN_SENT", "> S 0 : SYN_SENT", "< SA 0 a=1 : SYN_RECV", "> A 1 a=1 : ESTABLISHED"],
        ["SYN-ACK repeated"] = ["> S 0 : SYN_SENT", "< SA 0 a=1 : SYN_RECV", "< SA 0 a=1 : SYN_RECV", "> A 1 a=1 : ESTABLISHED"],
        ["SYN-ACK repeated after the handshake"] = [.. Open, "< SA 0 a=1 : ESTABLISHED", "> A 1 a=1 : ESTABLISHED"],
        ["handshake's last ACK lost, data follows"] = ["> S 0 : SYN_SENT", "< SA 0 a=1 : SYN_RECV", "> PA 1 a=1 l=100 : ESTABLISHED"],
        ["SYN again with another number"] = ["> S 0 : SYN_SENT", "> S 5000 : SYN_SENT", "< SA 0 a=5001 : SYN_RECV", "> A 5001 a=1 : ESTABLISHED"],
        ["SYN with data"] = ["> S 0 l=100 : SYN_SENT", "< SA 0 a=101 : SYN_RECV", "> A 101 a=1 : ESTABLISHED"],
        ["SYN with data that is not accepted"] = ["> S 0 l=100 : SYN_SENT", "< SA 0 a=1 : SYN_RECV", "> PA 1 a=1 l=100 : ESTABLISHED", "< A 1 a=101 : ESTABLISHED"],
        ["data right behind the SYN-ACK"] = ["> S 0 : SYN_SENT", "< SA 0 a=1 : SYN_RECV", "< PA 1 a=1 l=100 : SYN_RECV", "> A 1 a=101 : ESTABLISHED"],
        ["simultaneous open"] =
            ["> S 0 : SYN_SENT", "< S 0 : SYN_SENT2", "> SA 0 a=1 : SYN_RECV", "< SA 0 a=1 : SYN_RECV", "> A 1 a=1 : ESTABLISHED", "< A 1 a=1 : ESTABLISHED"],
        ["ACK before the SYN-ACK"] = ["> S 0 : SYN_SENT", "> A 1 a=1 : drop"],
        ["FIN before the SYN-ACK"] = ["> S 0 : SYN_SENT", "> FA 1 a=1 : drop"],
        ["refused by a reset that acknowledges something else"] = ["> S 0 : SYN_SENT", "< RA 0 a=99999 : drop"],
        ["opener gives up behind the SYN-ACK"] = ["> S 0 : SYN_SENT", "< SA 0 a=1 : SYN_RECV", "> R 1 : CLOSE"],
        ["the earlier of two SYN-ACKs is taken"] = ["> S 0 : SYN_SENT", "< SA 0 a=1 : SYN_RECV", "< SA 1000 a=1 : SYN_RECV", "> A 1 a=1 : ESTABLISHED"],
        ["last ACK of another number"] = ["> S 0 : SYN_SENT", "< SA 0 a=1 : SYN_RECV", "> A 1 a=5000 : drop"],

        // Without a connection
        ["SYN-ACK first"] = ["> SA 0 a=1 : drop"],
        ["ACK first"] = ["> A 0 a=1 : drop"],
        ["data first"] = ["> PA 0 a=1 l=10 : drop"],
        ["FIN first"] = ["> FA 0 a=1 : drop"],
        ["RST first"] = ["> R 0 : drop"],
        ["SYN-ACK from outside first"] = ["< SA 0 a=1 : drop"],
        ["ACK from outside first"] = ["< A 0 a=1 : drop"],

        // Control bits that nobody sends
        ["no flags"] = [.. Open, "> 0 1 : drop"],
        ["no flags first"] = ["> 0 1 : drop"],
        ["all flags first"] = ["> SFRPAU 0 a=1 : drop"],
        ["christmas tree"] = [.. Open, "> FPU 1 : drop"],
        ["SYN and FIN first"] = ["> SF 0 : drop"],
        ["SYN and RST first"] = ["> SR 0 : drop"],
        ["SYN and FIN"] = [.. Open, "> SFA 1 a=1 : drop"],
        ["data without ACK"] = [.. Open, "> P 1 l=10 : drop"],
        ["FIN without ACK"] = [.. Open, "> F 1 : drop"],
        ["urgent"] = [.. Open, "> PAU 1 a=1 l=10 : ESTABLISHED"],
        ["SYN with PSH and URG"] = ["> SPU 0 : SYN_SENT"],

        // Data
        ["data both ways"] =
            [.. Open, "> PA 1 a=1 l=500 : ESTABLISHED", "< PA 1 a=501 l=1000 : ESTABLISHED", "> A 501 a=1001 : ESTABLISHED", "< A 1001 a=501 : ESTABLISHED"],
        ["data repeated"] =
            [.. Open, "> PA 1 a=1 l=500 : ESTABLISHED", "> PA 1 a=1 l=500 : ESTABLISHED", "< A 1 a=501 : ESTABLISHED", "> PA 1 a=1 l=500 : ESTABLISHED",
            "< A 1 a=501 : ESTABLISHED"],
        ["data out of order"] = [.. Open, "> A 301 a=1 l=300 : ESTABLISHED", "> A 1 a=1 l=300 : ESTABLISHED", "< A 1 a=601 : ESTABLISHED"],
        ["data up to the window's last byte"] = [.. Open, "> A 1 a=1 l=1000 : ESTABLISHED"],
        ["data one byte beyond the window"] = [.. Open, "> A 1 a=1 l=1001 : ESTABLISHED"],
        ["data that begins at the window's end"] = [.. Open, "> A 1001 a=1 l=1 : ESTABLISHED"],
        ["data far beyond the window"] = [.. Open, "> A 900000 a=1 l=100 : drop"],
        ["data below by less than 64 KiB"] = [.. Open, "> A 1 a=1 l=500 : ESTABLISHED", "< A 1 a=501 : ESTABLISHED", "> A -5000 a=1 l=100 : ESTABLISHED"],
        ["acknowledgment of what was not sent"] = [.. Open, "> A 1 a=2 : drop"],
        ["acknowledgment far ahead"] = [.. Open, "> A 1 a=900000 : drop"],
        ["acknowledgment older by less than 64 KiB"] = [.. Open, "< PA 1 a=1 l=1000 : ESTABLISHED", "> A 1 a=1001 : ESTABLISHED", "> A 1 a=-5000 : ESTABLISHED"],
        ["keep-alive without data"] = [.. Open, "> A 0 a=1 : ESTABLISHED", "< A 1 a=1 : ESTABLISHED"],
        ["keep-alive with a byte"] = [.. Open, "> A 0 a=1 l=1 : ESTABLISHED", "< A 1 a=1 : ESTABLISHED"],
        ["window closes, probe, opens"] =
        [
            .. Open, "> A 1 a=1 l=1000 : ESTABLISHED", "< A 1 a=1001 w=0 : ESTABLISHED", "> A 1001 a=1 l=1 : ESTABLISHED", "< A 1 a=1001 w=0 : ESTABLISHED",
            "< A 1 a=1001 w=1000 : ESTABLISHED", "> A 1001 a=1 l=1000 : ESTABLISHED",
        ],
        ["window closes, probe below"] =
            [.. Open, "> A 1 a=1 l=1000 : ESTABLISHED", "< A 1 a=1001 w=0 : ESTABLISHED", "> A 1000 a=1 : ESTABLISHED", "< A 1 a=1001 w=0 : ESTABLISHED"],
        ["window shrinks"] = [.. Open, "< A 1 a=1 w=100 : ESTABLISHED", "> A 1 a=1 l=900 : ESTABLISHED"],
        ["window opens"] = [.. Open, "< A 1 a=1 w=60000 : ESTABLISHED", "> A 1 a=1 l=1400 : ESTABLISHED", "> A 50000 a=1 l=1400 : ESTABLISHED"],
        ["selective acknowledgment"] =
            [.. Open, "> A 101 a=1 l=100 : ESTABLISHED", "< A 1 a=1 sack=101..201 : ESTABLISHED", "> A 1 a=1 l=100 : ESTABLISHED", "< A 1 a=201 : ESTABLISHED"],
        ["selective acknowledgment of what was not sent"] = [.. Open, "> A 101 a=1 l=100 : ESTABLISHED", "< A 1 a=1 sack=101..301 : drop"],
        ["selective acknowledgment of long ago"] = [.. Open, "< A 1 a=1 sack=-90000..-89000 : ESTABLISHED"],

        // Window scaling
        ["scaled windows are used"] =
            [.. OpenScaled, "> A 1 a=1 l=1400 : ESTABLISHED", "> A 14001 a=1 l=1400 : ESTABLISHED", "< A 100001 a=1 l=1400 : ESTABLISHED",
            "< A 1 a=1401 l=1400 : ESTABLISHED"],
        ["beyond the scaled window"] = [.. OpenScaled, "> A 40000 a=1 l=100 : drop"],
        ["window of the SYN is not scaled"] = ["> S 0 ws=7 : SYN_SENT", "< SA 0 a=1 ws=4 w=1000 : SYN_RECV", "> A 1 a=1 l=1001 : ESTABLISHED"],
        ["only the client scales"] = ["> S 0 ws=7 : SYN_SENT", "< SA 0 a=1 : SYN_RECV", "> A 1 a=1 : ESTABLISHED", "< A 1 a=1 l=1001 : ESTABLISHED"],
        ["only the client scales, within"] =
            ["> S 0 ws=7 : SYN_SENT", "< SA 0 a=1 : SYN_RECV", "> A 1 a=1 : ESTABLISHED", "< A 1 a=1 l=1000 : ESTABLISHED", "> A 1 a=1001 : ESTABLISHED"],
        ["only the server scales"] = ["> S 0 : SYN_SENT", "< SA 0 a=1 ws=7 : SYN_RECV", "> A 1 a=1 : ESTABLISHED", "> A 1 a=1 l=1001 : ESTABLISHED"],
        ["shift beyond 14"] = ["> S 0 ws=200 : SYN_SENT", "< SA 0 a=1 ws=14 : SYN_RECV", "> A 1 a=1 : ESTABLISHED", "< A 16000001 a=1 l=100 : ESTABLISHED"],

        // Closing
        ["client closes first"] = Closed,
        ["server closes first"] = [.. Open, "< FA 1 a=1 : FIN_WAIT", "> A 1 a=2 : CLOSE_WAIT", "> FA 1 a=2 : LAST_ACK", "< A 2 a=2 : TIME_WAIT"],
        ["both close at once"] = [.. Open, "> FA 1 a=1 : FIN_WAIT", "< FA 1 a=1 : LAST_ACK", "> A 2 a=2 : TIME_WAIT", "< A 2 a=2 : TIME_WAIT"],
        ["three segments close"] = [.. Open, "> FA 1 a=1 : FIN_WAIT", "< FA 1 a=2 : LAST_ACK", "> A 2 a=2 : TIME_WAIT"],
        ["FIN with data"] = [.. Open, "> FPA 1 a=1 l=300 : FIN_WAIT", "< A 1 a=302 : CLOSE_WAIT", "< FA 1 a=302 : LAST_ACK", "> A 302 a=2 : TIME_WAIT"],
        ["half close, the other goes on"] =
            [.. Open, "> FA 1 a=1 : FIN_WAIT", "< A 1 a=2 : CLOSE_WAIT", "< PA 1 a=2 l=900 : CLOSE_WAIT", "> A 2 a=901 : CLOSE_WAIT",
            "< PA 901 a=2 l=900 : CLOSE_WAIT", "> A 2 a=1801 : CLOSE_WAIT", "< FA 1801 a=2 : LAST_ACK", "> A 2 a=1802 : TIME_WAIT"],
        ["second FIN again"] = [.. Open, "> FA 1 a=1 : FIN_WAIT", "< A 1 a=2 : CLOSE_WAIT", "< FA 1 a=2 : LAST_ACK", "< FA 1 a=2 : LAST_ACK", "> A 2 a=2 : TIME_WAIT"],
        ["second FIN again after the end"] = [.. Closed, "< FA 1 a=2 : TIME_WAIT", "> A 2 a=2 : TIME_WAIT"],
        ["data behind both FINs"] = [.. Closed, "< A 2 a=2 : TIME_WAIT", "> A 2 a=2 : TIME_WAIT"],
        ["FIN right behind the handshake's SYN-ACK"] = ["> S 0 : SYN_SENT", "< SA 0 a=1 : SYN_RECV", "> FA 1 a=1 : FIN_WAIT", "< A 1 a=2 : CLOSE_WAIT"],
        ["FIN before the handshake's ACK by the server"] = ["> S 0 : SYN_SENT", "< SA 0 a=1 : SYN_RECV", "< FA 1 a=1 : FIN_WAIT", "> A 1 a=2 : CLOSE_WAIT"],

        // Resets
        ["reset by the client, exact"] = [.. Open, "> R 1 : CLOSE"],
        ["reset by the server, exact"] = [.. Open, "< R 1 : CLOSE"],
        ["reset with ACK, exact"] = [.. Open, "> RA 1 a=1 : CLOSE"],
        ["reset behind unacknowledged data"] = [.. Open, "> A 1 a=1 l=100 : ESTABLISHED", "> R 101 : CLOSE"],
        ["reset inside the window"] = [.. Open, "> R 500 : ESTABLISHED", "< A 1 a=1 : ESTABLISHED", "> A 1 a=1 : ESTABLISHED"],
        ["reset inside the window by the server"] = [.. Open, "< R 500 : ESTABLISHED", "> A 1 a=1 : ESTABLISHED", "< A 1 a=1 : ESTABLISHED"],
        ["reset at the window's end"] = [.. Open, "> R 1001 : ESTABLISHED"],
        ["reset beyond the window"] = [.. Open, "> R 5000 : drop"],
        ["reset below the window"] = [.. Open, "> R -5000 : drop"],
        ["reset far away"] = [.. Open, "> R 500000000 : drop"],
        ["reset by the server far away"] = [.. Open, "< R 500000000 : drop"],
        ["reset in FIN_WAIT"] = [.. Open, "> FA 1 a=1 : FIN_WAIT", "< R 1 : CLOSE"],
        ["reset again"] = [.. Open, "> R 1 : CLOSE", "> R 1 : CLOSE"],
        ["data behind a reset"] = [.. Open, "> R 1 : CLOSE", "< PA 1 a=1 l=100 : CLOSE"],
        ["reset of a reset connection by the server"] = [.. Open, "> R 1 : CLOSE", "< R 1 : CLOSE"],

        // Beginning again
        ["SYN on an open connection, challenged"] = [.. Open, "> S 50000 : ESTABLISHED", "< A 1 a=1 : ESTABLISHED", "> R 1 : CLOSE"],
        ["SYN on an open connection, accepted"] = [.. Open, "> S 50000 : ESTABLISHED", "< SA 70000 a=50001 : SYN_RECV", "> A 50001 a=70001 : ESTABLISHED"],
        ["SYN in TIME_WAIT"] = [.. Closed, "> S 100000 : SYN_SENT", "< SA 90000 a=100001 : SYN_RECV", "> A 100001 a=90001 : ESTABLISHED"],
        ["SYN behind a reset"] = [.. Open, "> R 1 : CLOSE", "> S 100000 : SYN_SENT", "< SA 90000 a=100001 : SYN_RECV", "> A 100001 a=90001 : ESTABLISHED"],
        ["SYN in FIN_WAIT"] = [.. Open, "> FA 1 a=1 : FIN_WAIT", "> S 100000 : FIN_WAIT"],
        ["SYN in LAST_ACK"] = [.. Open, "> FA 1 a=1 : FIN_WAIT", "< A 1 a=2 : CLOSE_WAIT", "< FA 1 a=2 : LAST_ACK", "> S 100000 : LAST_ACK"],

        // Damage
        ["SYN with a bad checksum"] = ["> S 0 bad : drop"],
        ["data with a bad checksum"] = [.. Open, "> A 1 a=1 l=100 bad : drop", "> A 1 a=1 l=100 : ESTABLISHED", "< A 1 a=101 : ESTABLISHED"],
        ["reset with a bad checksum"] = [.. Open, "> R 1 bad : drop", "> A 1 a=1 : ESTABLISHED"],
    };

    /// <summary>Those that say something about translation, and nothing where there is none.</summary>
    public static IReadOnlyDictionary<string, string[]> Translated { get; } = new Dictionary<string, string[]>
    {
        ["SYN from outside to a translated address"] = ["< S 0 : drop"],
    };

    /// <summary>Those that only happen without translation: the server opens.</summary>
    public static IReadOnlyDictionary<string, string[]> Untranslated { get; } = new Dictionary<string, string[]>
    {
        ["opened and closed from outside"] =
        [
            "< S 0 : SYN_SENT", "< S 0 : SYN_SENT", "> SA 0 a=1 : SYN_RECV", "< A 1 a=1 : ESTABLISHED", "> PA 1 a=1 l=100 : ESTABLISHED",
            "< FA 1 a=101 : FIN_WAIT", "> A 101 a=2 : CLOSE_WAIT", "> FA 101 a=2 : LAST_ACK", "< A 2 a=102 : TIME_WAIT",
        ],
        ["opened from outside, reset inside the window"] =
            ["< S 0 : SYN_SENT", "> SA 0 a=1 : SYN_RECV", "< A 1 a=1 : ESTABLISHED", "< R 500 : ESTABLISHED", "< R 1 : CLOSE"],
    };
}
