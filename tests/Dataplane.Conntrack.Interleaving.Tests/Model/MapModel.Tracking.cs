namespace Dataplane.Conntrack.Interleaving.Tests;

/// <content>What tracking adds to the map: a state of each connection, and a label.</content>
internal partial record struct MapModel
{
    /// <summary>A segment looks up, and is then judged, taken into the state and forwarded in one step.</summary>
    /// <remarks>
    /// A FIN, then a reset: there is no way back from the later one. A segment that would move the state finds out whether the connection still
    /// lives; one that leaves it as it is passes even if that was removed since the lookup. An opening on a connection that
    /// was reset removes it, which can be lost as any removal.
    /// </remarks>
    private bool TryJudge(Scenario scenario, Operation operation, Answer answer, ref Progress progress)
    {
        if (progress.Stage == 0)
        {
            return TryFind(scenario, operation.Subject, answer, ref progress);
        }

        byte connection = progress.Connection;
        if (progress.Stage == 2)
        {
            return TrySwap(operation.Kind, answer, ref progress);
        }

        bool isClosed = Has(_closed, connection);
        if (operation.Kind == OperationKind.Reopen && isClosed)
        {
            return TryRead(answer, ref progress);
        }

        bool moves = !isClosed && (operation.Kind == OperationKind.Reset || (operation.Kind == OperationKind.Fin && !Has(_closing, connection)));
        if (moves && !Has(_live, connection))
        {
            return progress.Complete(answer == new Answer(Ending.Lost, connection));
        }

        if (moves)
        {
            _versions += 1ul << connection * 4;
            bool isReset = operation.Kind == OperationKind.Reset;
            _closed |= isReset ? Bit(connection) : (ushort)0;
            _closing = (ushort)(isReset ? _closing & ~Bit(connection) : _closing | Bit(connection));
        }

        return progress.Complete(answer == new Answer(Ending.Forwarded, connection));
    }

    // Whoever has found the connection may label it, though it was removed since: the label goes with the entry.
    private bool TryLabel(Scenario scenario, byte tuple, Answer answer, ref Progress progress)
    {
        if (progress.Stage == 0)
        {
            return TryFind(scenario, tuple, answer, ref progress);
        }

        byte connection = progress.Connection;
        Ending ending = Has(_labelled, connection) ? Ending.Spared : Ending.Done;
        _labelled |= Bit(connection);
        return progress.Complete(answer == new Answer(ending, connection));
    }

    /// <summary>Copies the entry, live at that moment; its label is missing only if it had none then, or if it is gone by the
    /// end.</summary>
    private readonly bool TryDumpLabel(byte connection, Answer answer, ref Progress progress)
    {
        byte copied = answer.Connection;
        if (progress.Stage == 1)
        {
            return progress.Complete(!Has(_live, copied));
        }

        if (answer.Ending == Ending.None)
        {
            return progress.Complete(!Has(_live, connection));
        }

        if (!Has(_live, copied) || (answer.Ending != Ending.Done && answer.Ending != Ending.Unlabelled))
        {
            return false;
        }

        if (Has(_labelled, copied) == (answer.Ending == Ending.Done))
        {
            return progress.Complete(true);
        }

        progress.Stage = 1;
        return answer.Ending == Ending.Unlabelled;
    }
}
