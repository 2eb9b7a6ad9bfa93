using System.Runtime.InteropServices;
using Dataplane.Packet;

namespace Dataplane.Datapath;

/// <summary>Limits what single sources can make the router send; one per worker, native.</summary>
/// <remarks>
/// A table of 1,024 token buckets by source address. Sources that share a bucket share its tokens, which errs on the
/// side of silence. The limit is per source and not
/// global: with one common limit an outsider could measure from his own errors how many others were sent, and learn
/// open ports by it (CVE-2020-25705). Tokens are counted in nanoseconds of waiting.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct RateLimiter
{
    public const int Buckets = 1024;

    private const uint Spread = 2654435761;
    private const int BucketShift = 22;

    private fixed long _fullAtNanoseconds[Buckets];
    private uint _salt;

    /// <summary>Sets the salt that spreads sources; from a random source, so that nobody can aim at a bucket.</summary>
    public void Initialize(uint salt) => _salt = salt;

    /// <summary>Takes a token of a source.</summary>
    /// <param name="source">Whom the message would go to.</param>
    /// <param name="perSecond">Tokens per second, and how many may be saved up; 0 refuses everything.</param>
    /// <param name="nowNanoseconds">The burst's time.</param>
    public bool TryTake(Ipv4Address source, uint perSecond, long nowNanoseconds) =>
        TryTake((source.Host ^ _salt) * Spread >> BucketShift, perSecond, nowNanoseconds);

    /// <summary>Takes a token of an IPv6 source's /64: whoever has one address there can take any other.</summary>
    /// <inheritdoc cref="TryTake(Ipv4Address, uint, long)" path="/param"/>
    public bool TryTake(Ipv6Address source, uint perSecond, long nowNanoseconds)
    {
        // Two rounds: the first brings every bit of the prefix into the half that the second spreads.
        ulong mixed = (source.RawHigh ^ _salt) * 0x9E37_79B9_7F4A_7C15;
        return TryTake(((uint)(mixed >> 32) ^ _salt) * Spread >> BucketShift, perSecond, nowNanoseconds);
    }

    private bool TryTake(uint bucket, uint perSecond, long nowNanoseconds)
    {
        if (perSecond == 0)
        {
            return false;
        }

        long interval = 1_000_000_000 / perSecond;
        long fullAt = _fullAtNanoseconds[bucket];
        if (fullAt < nowNanoseconds)
        {
            fullAt = nowNanoseconds;
        }

        if (fullAt + interval > nowNanoseconds + 1_000_000_000)
        {
            return false;
        }

        _fullAtNanoseconds[bucket] = fullAt + interval;
        return true;
    }
}
