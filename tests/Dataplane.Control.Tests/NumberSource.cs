using System;
using System.Text.Json;
using Dataplane.Control.Socket;

namespace Dataplane.Control.Tests;

/// <summary>Shows so many numbered rows; skips every seventh position, as a sparse table would.</summary>
internal sealed class NumberSource(long positions) : IShowSource
{
    internal int Batches { get; private set; }

    /// <summary>At this position a row is larger than may be; -1 for none.</summary>
    internal long OversizedAt { get; init; } = -1;

    internal static long Rows(long positions) => positions - (positions + 6) / 7;

    public ShowStep Next(ShowTopic topic, ref ShowCursor cursor, Utf8JsonWriter writer)
    {
        if (cursor.Position == positions)
        {
            return ShowStep.End;
        }

        long position = cursor.Position++;
        if (position % 7 == 0)
        {
            return ShowStep.Skipped;
        }

        writer.WriteStartObject();
        writer.WriteNumber("n"u8, position);
        writer.WriteString("text"u8, position == OversizedAt ? new string('x', ControlLimits.ReplyBytesMax) : "0123456789abcdef");
        writer.WriteEndObject();
        return ShowStep.Row;
    }

    public void EndBatch() => Batches++;
}
