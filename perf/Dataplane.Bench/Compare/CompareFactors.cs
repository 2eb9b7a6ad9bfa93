using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Dataplane.Bench.Compare;

/// <summary>How many times faster this router is than another program with the same traffic.</summary>
internal static class CompareFactors
{
    /// <summary>This router's median over another's; null without either.</summary>
    /// <param name="row">Results with one kind of traffic.</param>
    /// <param name="peer">The other's name.</param>
    public static double? Of(IEnumerable<PeerResult> row, string peer) =>
        NanosecondsOf(row, Peer.Own) is { } own && NanosecondsOf(row, peer) is { } other ? other / own : null;

    /// <summary>
    /// The same of the time that is left when each one's floor is taken off: testpmd's time off that of programs that poll the
    /// generator's ports, Linux forwarding's off netfilter's.
    /// </summary>
    /// <returns>Null without any of the four figures, or where one is not above its floor.</returns>
    public static double? WithoutPorts(IEnumerable<PeerResult> row, string peer) =>
        AboveFloor(row, Peer.Own) is { } own && AboveFloor(row, peer) is { } other ? other / own : null;

    /// <summary>One sentence with <see cref="WithoutPorts"/> of each row; null where there is none.</summary>
    public static string? Text(IEnumerable<IGrouping<Traffic, PeerResult>> rows)
    {
        List<string> all = [];
        foreach (IGrouping<Traffic, PeerResult> row in rows)
        {
            string[] factors =
            [
                .. new[] { (Peer.Reference, "Open vSwitch"), (Peer.Kernel, "netfilter") }
                    .Select(peer => (Factor: WithoutPorts(row, peer.Item1), Name: peer.Item2))
                    .Where(one => one.Factor is not null)
                    .Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Factor:F1} × {one.Name}")),
            ];
            if (factors.Length > 0)
            {
                all.Add($"{row.Key.Name} {string.Join(", ", factors)}");
            }
        }

        return all.Count == 0 ? null
            : $"Without the ports (testpmd's time taken off, off netfilter's that of Linux forwarding): {string.Join("; ", all)}.";
    }

    private static double? NanosecondsOf(IEnumerable<PeerResult> row, string peer) =>
        1000 / row.FirstOrDefault(result => result.Peer.Name == peer)?.Rate?.Median;

    private static double? AboveFloor(IEnumerable<PeerResult> row, string peer) =>
        Peer.Find(peer)?.Floor is { } floor && NanosecondsOf(row, peer) - NanosecondsOf(row, floor) is > 0 and var rest ? rest : null;
}
