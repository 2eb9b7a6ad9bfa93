using System;
using Dataplane.Conntrack;
using Dataplane.Control.Configuration;

namespace Dataplane.Control.Socket;

/// <summary>What of the connection table can be changed while the router runs.</summary>
/// <remarks>
/// Called on the control thread only. Must not allocate in steady state or block: what takes long is begun here and goes on
/// without the caller. Whoever asks has passed the permissions of the socket file, <see cref="ControlLimits.SocketMode"/>:
/// root and the router's group. No packet and no other socket reaches these methods, so a tenant cannot move its own limit.
/// </remarks>
public interface ITableSettings
{
    /// <summary>Changes how many connections the whole table holds. Live ones above a lowered limit are not cut.</summary>
    /// <param name="entriesMax">1 to <see cref="ControlLimits.EntriesMax"/>.</param>
    /// <returns>
    /// <see cref="SettingResult.Done"/> with the old and the new limit; else among others
    /// <see cref="SettingResult.AboveCapacity"/> or <see cref="SettingResult.AbovePlaces"/>, with the highest limit that would do.
    /// </returns>
    SettingOutcome SetEntriesMax(long entriesMax);

    /// <summary>Changes how many connections one zone holds. Live ones above a lowered limit are not cut.</summary>
    /// <param name="zoneName">UTF-8, at most <see cref="ControlLimits.ZoneNameBytesMax"/> bytes, perhaps none; names are equal
    /// whatever the case of their letters.</param>
    /// <param name="entriesMax">1 to <see cref="ControlLimits.EntriesMax"/>, also above the table's own limit, which holds
    /// anyway; null for no limit but that.</param>
    /// <returns><see cref="SettingResult.Done"/> with the old and the new limit, null where there is none; else among others
    /// <see cref="SettingResult.ZoneUnknown"/>.</returns>
    SettingOutcome SetZoneMax(ReadOnlySpan<byte> zoneName, long? entriesMax);

    /// <summary>Begins to move the connections into another number of buckets.</summary>
    /// <param name="buckets">1 to <see cref="ControlLimits.BucketsMax"/>; the table rounds it up, to a power of two at least.</param>
    /// <returns>
    /// <see cref="SettingResult.Done"/> with the number before and the number that comes, equal if there is nothing to do; else
    /// among others <see cref="SettingResult.AbovePlaces"/> with the least number that the limit needs,
    /// <see cref="SettingResult.ResizeRunning"/> or <see cref="SettingResult.OutOfMemory"/>.
    /// </returns>
    SettingOutcome SetBuckets(long buckets);

    /// <summary>Changes how long connections in a state live after a packet. The deadlines that stand move with the next packet
    /// of their connections.</summary>
    /// <param name="policyName">UTF-8, at most <see cref="ControlLimits.PolicyNameBytesMax"/> bytes; empty, or
    /// <see cref="TimeoutPolicyConfiguration.DefaultName"/>, for the default policy; names are equal whatever the case of their
    /// letters.</param>
    /// <param name="state">Not <see cref="ConnectionState.None"/>.</param>
    /// <param name="seconds">1 to <see cref="ControlLimits.TimeoutSecondsMax"/>.</param>
    /// <returns><see cref="SettingResult.Done"/> with the old and the new seconds; else among others
    /// <see cref="SettingResult.PolicyUnknown"/>.</returns>
    SettingOutcome SetTimeout(ReadOnlySpan<byte> policyName, ConnectionState state, uint seconds);
}
