namespace Dataplane.Bench.Tables;

/// <summary>Settings of a table scenario.</summary>
/// <param name="Flows">Connections wanted.</param>
/// <param name="LoadPercent">Share of the places that they fill; null for what the router's own sizing gives.</param>
/// <param name="Workers">Threads at the table.</param>
/// <param name="Seconds">Length of a repeat, where the scenario's work has no end of its own.</param>
/// <param name="Repeats">Measured repeats; one more goes first and is not counted.</param>
/// <param name="Batch">Operations whose memory accesses overlap: a burst of the router's.</param>
internal sealed record TableSettings(int Flows, int? LoadPercent, int Workers, double Seconds, int Repeats, int Batch)
{
    public TableShape Shape => TableShape.For(Flows, LoadPercent);
}
