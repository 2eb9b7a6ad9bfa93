using System;
using System.Numerics;
using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Bench.Tables;

/// <summary>How many connections a measured table holds in how many buckets.</summary>
/// <param name="Entries">Connections, each in two places.</param>
/// <param name="Buckets">A power of two.</param>
internal readonly record struct TableShape(uint Entries, uint Buckets)
{
    /// <summary>Places filled, of all; 0 to 1.</summary>
    public double Load => 2.0 * Entries / ((double)Buckets * Bucket.Places);

    /// <summary>The shape for about this many connections.</summary>
    /// <param name="flows">Connections wanted.</param>
    /// <param name="loadPercent">Null for exactly <paramref name="flows"/> in the buckets that the router would choose. Otherwise the
    /// number of buckets is the power of two for which filling them to this load comes closest to <paramref name="flows"/>.</param>
    public static TableShape For(int flows, int? loadPercent)
    {
        uint least = ConntrackMemory<Ipv4Tuple>.BucketsFor(1, 0);
        if (loadPercent is not int percent)
        {
            return new TableShape((uint)flows, ConntrackMemory<Ipv4Tuple>.BucketsFor((uint)flows, 0));
        }

        double entriesPerBucket = Bucket.Places / 2.0 * percent / 100;
        double exponent = Math.Round(Math.Log2(flows / entriesPerBucket));
        uint buckets = Math.Max(least, 1u << (int)Math.Max(exponent, 0));
        return new TableShape((uint)(buckets * entriesPerBucket), BitOperations.RoundUpToPowerOf2(buckets));
    }

    /// <summary>Bytes of the entries and the buckets.</summary>
    public long TableBytes<TTuple>()
        where TTuple : unmanaged => (long)Entries * Entry<TTuple>.SizeBytes + BucketBytes;

    public long BucketBytes => (long)Buckets * Bucket.SizeBytes;
}
