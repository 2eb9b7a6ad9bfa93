using System;
using System.Reflection;
using System.Text;
using System.Threading;

namespace Dataplane.Conntrack.Tests;

/// <summary>How often what happened in a run: a run in which too little happened proves nothing.</summary>
internal sealed class ConcurrencyTally
{
    public TimeSpan Elapsed { get; set; }

    public long Lookups;
    public long Conclusive;
    public long Inserted;
    public long Removed;
    public long Swept;
    public long OverCorpse;
    public long Refreshed;
    public long RefreshesLost;
    public long Closed;
    public long Reopened;
    public long Assured;
    public long EvictionsLost;
    public long Evicted;
    public long Moved;
    public long OriginalClashes;
    public long ReplyClashes;
    public long ChainsTooLong;
    public long Busy;
    public long Refused;
    public long Sides;
    public long Naps;
    public long Resizes;
    public long PassesRepeated;
    public long LimitChanges;
    public long Dumps;

    private static readonly FieldInfo[] s_figures = typeof(ConcurrencyTally).GetFields();
    private readonly Lock _lock = new();

    /// <summary>Adds a thread's part; when it ends.</summary>
    public void Add(ConcurrencyTally part)
    {
        lock (_lock)
        {
            foreach (FieldInfo figure in s_figures)
            {
                figure.SetValue(this, (long)figure.GetValue(this)! + (long)figure.GetValue(part)!);
            }
        }
    }

    public override string ToString()
    {
        var text = new StringBuilder(FormattableString.Invariant($"{Elapsed.TotalSeconds:F1} s"));
        foreach (FieldInfo figure in s_figures)
        {
            text.Append(' ').Append(figure.Name).Append(' ').Append(figure.GetValue(this));
        }

        return text.ToString();
    }
}
