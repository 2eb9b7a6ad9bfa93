using System.Text.Json;

namespace Dataplane.Control.Socket;

/// <summary>What can be shown, by the word of the request.</summary>
public enum ShowTopic
{
    Status,
    Version,
    Ports,
    Workers,
    Drops,
    Routes,
    Neighbours,
    Conntrack,

    /// <summary>The table's limit and those of the zones, with what they count.</summary>
    Limits,

    /// <summary>The table's size, occupancy and memory.</summary>
    Table,

    /// <summary>Every timeout of every policy.</summary>
    Timeouts,
}

/// <summary>Where a dump stands; zero at its start. The source alone gives the fields a meaning.</summary>
public struct ShowCursor
{
    /// <summary>Position in what is walked, such as an index.</summary>
    public long Position;

    /// <summary>Anything more the source must know to go on.</summary>
    public long State;
}

/// <summary>Gives the control server rows, one at a time, so that a dump of any length needs no memory.</summary>
/// <remarks>
/// Called on the control thread only. Must not allocate in steady state, block, or keep anything between two calls
/// but the cursor: minutes may pass between them, and the table goes on changing.
/// </remarks>
public interface IShowSource
{
    /// <summary>
    /// Writes the row at the cursor as one JSON object of at most <see cref="ControlLimits.RowBytesMax"/> bytes and
    /// moves the cursor behind it.
    /// </summary>
    /// <param name="topic">What is shown.</param>
    /// <param name="cursor">Zero at the first call.</param>
    /// <param name="writer">Empty; positioned where the object starts.</param>
    /// <returns>
    /// <see cref="ShowStep.Row"/> after writing one; <see cref="ShowStep.Skipped"/> after a bounded search that found none
    /// yet; <see cref="ShowStep.End"/> having written nothing.
    /// </returns>
    ShowStep Next(ShowTopic topic, ref ShowCursor cursor, Utf8JsonWriter writer);

    /// <summary>The server is about to wait: a reader of lock-free tables goes quiescent here.</summary>
    void EndBatch();
}

/// <summary>What <see cref="IShowSource.Next"/> did.</summary>
public enum ShowStep
{
    End,
    Row,

    /// <summary>Nothing written; the server looks after its other clients and calls again.</summary>
    Skipped,
}
