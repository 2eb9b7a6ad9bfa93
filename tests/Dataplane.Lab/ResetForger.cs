using System;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Dataplane.Lab;

/// <summary>Where the sequence number of a forged reset lies, seen from the client (RFC 5961 §3.2).</summary>
public enum ResetPlacement
{
    /// <summary>The number that the client expects next: the reset counts.</summary>
    Exact,

    /// <summary>Within the window but not that number: the client answers with a challenge and goes on.</summary>
    Inside,

    /// <summary>Far outside the window: nobody believes it.</summary>
    Outside,
}

/// <summary>What an upload under forged resets came to.</summary>
/// <param name="Upload">The upload.</param>
/// <param name="Sent">Resets sent while it ran.</param>
/// <param name="Challenges">Challenge ACKs that the client answered with; Linux sends at most two a second and connection.</param>
public sealed record ResetAttack(Transfer Upload, int Sent, long Challenges);

/// <summary>Somebody on the internet's side who forges resets in the server's name.</summary>
public static partial class ResetForger
{
    private const string Challenges = "TcpExtTCPChallengeACK";

    /// <summary>Uploads <paramref name="lengthBytes"/> to <paramref name="url"/> at 10 MB/s while resets go to the client.</summary>
    /// <param name="lab">The lab; a <see cref="WebServer"/> serves <see cref="LabAddresses.Far"/> in it.</param>
    /// <param name="url">A folder of that server.</param>
    /// <param name="lengthBytes">Of the upload; it should take longer than the resets, one a millisecond.</param>
    /// <param name="placement">Of all resets.</param>
    /// <param name="count">How many.</param>
    /// <exception cref="LabException">The forger saw no upload.</exception>
    public static ResetAttack Attack(Lab lab, string url, long lengthBytes, ResetPlacement placement, int count)
    {
        ArgumentNullException.ThrowIfNull(lab);
        BackgroundProcess forger = lab.Serve(
            lab.Topology.Internet,
            program => program.Log.Contains("ready", StringComparison.Ordinal),
            "python3",
            RepositoryPaths.HostProgram("reset_forger.py"),
            Topology.HostInterface,
            LabAddresses.Far,
            placement switch
            {
                ResetPlacement.Exact => "exact",
                ResetPlacement.Inside => "inside",
                ResetPlacement.Outside => "outside",
                _ => throw new ArgumentOutOfRangeException(nameof(placement), placement, "not a placement"),
            },
            count.ToString(CultureInfo.InvariantCulture));
        long before = lab.Topology.Client.KernelCounter(Challenges);
        Transfer upload = Traffic.Upload(lab, lab.Topology.Client, url, lengthBytes, bytesPerSecond: "10M");
        long challenges = lab.Topology.Client.KernelCounter(Challenges) - before;
        bool ended = forger.WaitForExit(TimeSpan.FromSeconds(5));
        Match sent = Sent().Match(forger.Log);
        return ended && sent.Success
            ? new ResetAttack(upload, int.Parse(sent.Groups[1].Value, CultureInfo.InvariantCulture), challenges)
            : throw new LabException($"the forger of resets sent none:\n{forger.Log}");
    }

    [GeneratedRegex(@"^sent (\d+)$", RegexOptions.Multiline)]
    private static partial Regex Sent();
}
