using static Dataplane.Conntrack.Interleaving.Tests.Steps;

namespace Dataplane.Conntrack.Interleaving.Tests;

/// <summary>Two workers with segments of one connection, and with its label.</summary>
/// <remarks>
/// A removal that a third worker makes beside two judgements shows nothing new: one judgement at a time holds the connection's lock, and
/// who waits for it changes nothing, so that the removal falls into one judgement, before or behind the other.
/// </remarks>
internal static class TrackingScenarios
{
    public static Scenario ResetAgainstFin()
    {
        Scenario it = new("a reset and a FIN of one connection meet while it is removed");
        (byte a, byte b) = (it.Tuple(0), it.Tuple(1));
        it.Existing(a, b);
        return it.Do([Fin(a), Find(b), Reset(b)], [Reset(b), Fin(a), Remove(b)]);
    }

    public static Scenario SegmentsAgainstRemoval()
    {
        Scenario it = new("segments follow each other while a connection is refreshed and removed");
        (byte a, byte b) = (it.Tuple(0), it.Tuple(1));
        it.Existing(a, b);
        return it.Do([Fin(a), Reset(b), Find(a)], [Refresh(b), Remove(b), Fin(a)]);
    }

    public static Scenario BothReopen()
    {
        Scenario it = new("both find that a SYN opens a reset connection again");
        (byte a, byte b, byte mine, byte yours) = (it.Tuple(0), it.Tuple(1), it.Tuple(2), it.Tuple(3));
        it.Existing(a, b, isClosed: true);
        return it.Do(
            [Reopen(a), Find(a), Insert(it.Connection(a, mine))], [Reopen(a), Insert(it.Connection(a, yours)), Find(a)]);
    }

    public static Scenario BothLabel()
    {
        Scenario it = new("both label a connection that is listed and removed");
        (byte a, byte b) = (it.Tuple(0), it.Tuple(1));
        byte listed = it.Existing(a, b);
        return it.Do([Label(a), Remove(b), Poll], [Label(b), DumpLabel(listed), Label(a)]);
    }

    public static Scenario LabelOfAnother()
    {
        // A listing is in nobody's way: it holds up no grace period.
        Scenario it = new("a label is copied while its record goes to another connection");
        (byte a, byte b, byte c, byte d) = (it.Tuple(0), it.Tuple(1), it.Tuple(2), it.Tuple(3));
        byte gone = it.Existing(a, b);
        byte other = it.Existing(c, d);
        return it.Do([Label(a), Remove(a), Poll, Poll, Label(c)], [Sleep, DumpLabel(gone), DumpLabel(other)]);
    }

    public static Scenario LabelOfNext()
    {
        Scenario it = new("a label is copied while its record and its entry are reused");
        (byte a, byte b, byte c, byte d) = (it.Tuple(0), it.Tuple(1), it.Tuple(2), it.Tuple(3));
        byte listed = it.Existing(a, b);
        return it.Do(
            [Label(a), Remove(a), Poll, Poll, Insert(it.Connection(c, d)), Label(c)], [Sleep, DumpLabel(listed), DumpLabel(listed)]);
    }
}
