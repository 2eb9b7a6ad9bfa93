using System.Collections.Generic;

namespace Dataplane.Conntrack.Interleaving.Tests;

/// <summary>Whether a history is one that the sequential map could have had.</summary>
/// <remarks>
/// Tries all orders of the two workers' model steps in which each worker's own stand in its order and nothing begins before what had
/// returned by then is over (Herlihy and Wing, "Linearizability: a correctness condition for concurrent objects", 1990). Positions
/// that led nowhere are remembered, so that a history that fits no order is refused after a few hundred steps too.
/// </remarks>
internal sealed class Linearizability
{
    private readonly Scenario _scenario;
    private readonly Dictionary<History, bool> _verdicts = [];
    private readonly HashSet<Position> _hopeless = [];

    public Linearizability(Scenario scenario) => _scenario = scenario;

    /// <summary>Different histories judged so far.</summary>
    public int Histories => _verdicts.Count;

    /// <summary>Whether some order explains the answers and what was left.</summary>
    public bool Explains(in History history)
    {
        if (!_verdicts.TryGetValue(history, out bool verdict))
        {
            _hopeless.Clear();
            verdict = Search(history, new Position { Map = new MapModel(_scenario) });
            _verdicts.Add(history, verdict);
        }

        return verdict;
    }

    private bool Search(in History history, Position at)
    {
        if (at.Done0 == _scenario.Workers[0].Length && at.Done1 == _scenario.Workers[1].Length)
        {
            return at.Map.Agrees(history);
        }

        if (_hopeless.Contains(at))
        {
            return false;
        }

        if (TryWorker(history, at, 0) || TryWorker(history, at, 1))
        {
            return true;
        }

        _hopeless.Add(at);
        return false;
    }

    private bool TryWorker(in History history, Position at, int worker)
    {
        int done = worker == 0 ? at.Done0 : at.Done1;
        int othersDone = worker == 0 ? at.Done1 : at.Done0;
        if (done == _scenario.Workers[worker].Length || othersDone < history.Seen(worker, done))
        {
            return false;
        }

        Progress progress = worker == 0 ? at.Progress0 : at.Progress1;
        if (!at.Map.TryStep(_scenario, _scenario.Workers[worker][done], history.Answer(worker, done), ref progress))
        {
            return false;
        }

        byte completed = progress.IsComplete ? (byte)1 : (byte)0;
        progress = progress.IsComplete ? default : progress;
        if (worker == 0)
        {
            at.Done0 += completed;
            at.Progress0 = progress;
        }
        else
        {
            at.Done1 += completed;
            at.Progress1 = progress;
        }

        return Search(history, at);
    }

    private record struct Position
    {
        public MapModel Map;
        public byte Done0;
        public byte Done1;
        public Progress Progress0;
        public Progress Progress1;
    }
}
