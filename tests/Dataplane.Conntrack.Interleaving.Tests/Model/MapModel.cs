namespace Dataplane.Conntrack.Interleaving.Tests;

/// <summary>The connection table as a sequential map: the specification.</summary>
/// <remarks>
/// <para>
/// An operation is one to three atomic steps, because that is what the table promises. A removal looks, reads the state word, and swaps
/// it; a change of the word between its last two steps makes it lose. Everything else but an insertion is one step.
/// </para>
/// <para>
/// An insertion takes effect for writers at once and for lookups by and by, until it returns: first its reply tuple may be found or not,
/// then that is found for certain and its original tuple may be found or not, then that is too. It may be found and then not, because
/// a lookup that read the tag of the place's former tenant, with the same tuple, can load the new reference before the
/// new tag is there. What is found is complete and stays; a packet that is told "not found" meets the connection when it tries to insert its own.
/// </para>
/// <para>An expired connection is in nobody's way: lookups do not find it, and an insertion removes it first, in a step of its own.</para>
/// </remarks>
internal partial record struct MapModel
{
    private ushort _live;
    private ushort _replyStands;
    private ushort _originalShows;
    private ushort _originalStands;
    private ushort _assured;
    private ushort _expired;
    private ushort _closing;
    private ushort _closed;
    private ushort _labelled;
    private ulong _versions;

    /// <summary>The map at the start of a scenario.</summary>
    public MapModel(Scenario scenario)
    {
        foreach (byte connection in scenario.Present)
        {
            Add(scenario, connection);
            ShowReply(connection);
            _originalStands |= Bit(connection);
        }
    }

    /// <summary>Whether what was left in the table is what is left here.</summary>
    public readonly bool Agrees(in History history) =>
        history.Live == _live && history.Assured == (_assured & _live)
        && history.Closing == (_closing & _live) && history.Closed == (_closed & _live);

    /// <summary>Makes the next step of an operation.</summary>
    /// <returns>Whether the step agrees with the answer that was given.</returns>
    public bool TryStep(Scenario scenario, Operation operation, Answer answer, ref Progress progress) => operation.Kind switch
    {
        OperationKind.Find or OperationKind.FindInBurst => progress.Complete(MayAnswer(scenario, operation.Subject, answer)),
        OperationKind.Insert => TryInsert(scenario, operation.Subject, answer, ref progress),
        OperationKind.Remove or OperationKind.Refresh => TryFindAndSwap(scenario, operation, answer, ref progress),
        OperationKind.Evict or OperationKind.Expire => TryReadAndSwap(operation, answer, ref progress),
        OperationKind.Dump => TryDump(operation.Subject, answer, ref progress),
        OperationKind.Fin or OperationKind.Reset or OperationKind.Reopen => TryJudge(scenario, operation, answer, ref progress),
        OperationKind.Label => TryLabel(scenario, operation.Subject, answer, ref progress),
        OperationKind.DumpLabel => TryDumpLabel(operation.Subject, answer, ref progress),
        _ => progress.Complete(answer.Ending == Ending.None),
    };

    private readonly bool MayAnswer(Scenario scenario, byte tuple, Answer answer)
    {
        if (!MayFind(scenario, tuple, answer.Connection))
        {
            return false;
        }

        bool isReply = scenario.Connections[answer.Connection].Reply == tuple;
        return answer.Ending == (answer.Connection == 0 ? Ending.None : isReply ? Ending.FoundReply : Ending.FoundOriginal);
    }

    /// <summary>Whether a lookup of a tuple may return <paramref name="found"/>, or nothing if that is 0.</summary>
    private readonly bool MayFind(Scenario scenario, byte tuple, byte found)
    {
        if (found >= scenario.Connections.Count)
        {
            return false;
        }

        for (byte connection = 1; connection < scenario.Connections.Count; connection++)
        {
            Connection holder = scenario.Connections[connection];
            if (!Has(_live, connection) || Has(_expired, connection) || (holder.Reply != tuple && holder.Original != tuple))
            {
                continue;
            }

            bool isReply = holder.Reply == tuple;
            return found == 0
                ? !Has(isReply ? _replyStands : _originalStands, connection)
                : found == connection && (isReply || Has(_originalShows, connection));
        }

        return found == 0;
    }

    private bool TryInsert(Scenario scenario, byte inserted, Answer answer, ref Progress progress)
    {
        if (progress.Stage == 1)
        {
            ShowReply(inserted);
            progress.Stage = 2;
            return true;
        }

        if (progress.Stage == 2)
        {
            _originalStands |= Bit(inserted);
            return progress.Complete(true);
        }

        byte original = scenario.Connections[inserted].Original;
        byte reply = scenario.Connections[inserted].Reply;
        byte inTheWay = Holder(scenario, original);
        Ending refusal = inTheWay != 0 ? Ending.OriginalExists : Ending.ReplyExists;
        inTheWay = inTheWay != 0 ? inTheWay : Holder(scenario, reply);
        if (inTheWay == 0)
        {
            Add(scenario, inserted);
            progress.Stage = 1;
            return answer == new Answer(Ending.Inserted, inserted);
        }

        if (Has(_expired, inTheWay))
        {
            _live &= (ushort)~Bit(inTheWay);
            return true;
        }

        return progress.Complete(answer == new Answer(refusal, inTheWay));
    }

    private bool TryFindAndSwap(Scenario scenario, Operation operation, Answer answer, ref Progress progress)
    {
        if (progress.Stage == 0)
        {
            return TryFind(scenario, operation.Subject, answer, ref progress);
        }

        return progress.Stage == 1 ? TryRead(answer, ref progress) : TrySwap(operation.Kind, answer, ref progress);
    }

    private readonly bool TryFind(Scenario scenario, byte tuple, Answer answer, ref Progress progress)
    {
        progress.Connection = answer.Connection;
        progress.Stage = 1;
        return MayFind(scenario, tuple, answer.Connection) && (answer.Connection != 0 || progress.Complete(answer == default));
    }

    private bool TryReadAndSwap(Operation operation, Answer answer, ref Progress progress)
    {
        progress.Connection = operation.Subject;
        if (progress.Stage != 0)
        {
            return TrySwap(operation.Kind, answer, ref progress);
        }

        bool isSpared = operation.Kind == OperationKind.Evict ? Has(_assured, operation.Subject) : !Has(_expired, operation.Subject);
        if (Has(_live, operation.Subject) && isSpared)
        {
            return progress.Complete(answer == new Answer(Ending.Spared, operation.Subject));
        }

        return TryRead(answer, ref progress);
    }

    private readonly bool TryRead(Answer answer, ref Progress progress)
    {
        if (!Has(_live, progress.Connection))
        {
            return progress.Complete(answer == new Answer(Ending.Lost, progress.Connection));
        }

        progress.Version = Version(progress.Connection);
        progress.Stage = 2;
        return true;
    }

    private bool TrySwap(OperationKind kind, Answer answer, ref Progress progress)
    {
        byte connection = progress.Connection;
        if (!Has(_live, connection) || Version(connection) != progress.Version)
        {
            return progress.Complete(answer == new Answer(Ending.Lost, connection));
        }

        _versions += 1ul << connection * 4;
        if (kind == OperationKind.Refresh)
        {
            _assured |= Bit(connection);
        }
        else
        {
            _live &= (ushort)~Bit(connection);
        }

        return progress.Complete(answer == new Answer(Ending.Done, connection));
    }

    // A listing walks the arena: it may see another connection in the same entry, but never one that is not whole, which the answer
    // Torn stands for.
    private readonly bool TryDump(byte connection, Answer answer, ref Progress progress) => progress.Complete(
        answer.Ending == Ending.None ? !Has(_live, connection)
        : answer.Ending == Ending.Done && (answer.Connection != connection || Has(_live, connection)));

    private void Add(Scenario scenario, byte connection)
    {
        _live |= Bit(connection);
        _expired |= scenario.Connections[connection].IsExpired ? Bit(connection) : (ushort)0;
        _closed |= scenario.Connections[connection].IsClosed ? Bit(connection) : (ushort)0;
    }

    // The reply's place is complete before the original's is begun.
    private void ShowReply(byte connection)
    {
        _replyStands |= Bit(connection);
        _originalShows |= Bit(connection);
    }

    /// <summary>The connection that has a tuple, alive or expired; 0 for none.</summary>
    private readonly byte Holder(Scenario scenario, byte tuple)
    {
        for (byte connection = 1; connection < scenario.Connections.Count; connection++)
        {
            Connection holder = scenario.Connections[connection];
            if (Has(_live, connection) && (holder.Original == tuple || holder.Reply == tuple))
            {
                return connection;
            }
        }

        return 0;
    }

    private readonly uint Version(byte connection) => (uint)(_versions >> connection * 4) & 15;

    private static ushort Bit(byte connection) => (ushort)(1 << connection);

    private static bool Has(ushort mask, byte connection) => (mask & Bit(connection)) != 0;
}

/// <summary>How far an operation has come in the model.</summary>
internal record struct Progress
{
    /// <summary>Steps made; its meaning is the operation's.</summary>
    public byte Stage;

    /// <summary>What the operation found.</summary>
    public byte Connection;

    /// <summary>The found connection's version when it was read.</summary>
    public uint Version;

    /// <summary>No step is left.</summary>
    public bool IsComplete;

    /// <summary>Notes that this was the last step, and passes its verdict on.</summary>
    public bool Complete(bool agrees)
    {
        IsComplete = true;
        return agrees;
    }
}
