using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Linq;
using Dataplane.Os;

namespace Dataplane.Bench.Compare;

/// <summary>Which processors a measurement uses.</summary>
/// <param name="Workers">Of the polling threads; a single one has the last.</param>
/// <param name="Control">Of everything else.</param>
internal sealed record Processors(IReadOnlyList<int> Workers, int Control)
{
    /// <summary>The processor of a single polling thread.</summary>
    public int Worker => Workers[^1];

    /// <summary>Chooses: what is asked for, else the last for the workers and the first for the rest.</summary>
    /// <remarks>Two workers share a processor with the rest only where there is none besides.</remarks>
    /// <param name="allowed">Those of the process, ascending.</param>
    /// <param name="workers">A list such as "2,3"; null for as many of the last as <paramref name="most"/>.</param>
    /// <param name="control">The processor of the rest; null for the first that no worker has.</param>
    /// <param name="most">Polling threads at most.</param>
    /// <param name="processors">The choice.</param>
    /// <param name="error">Why there is none, with the name of the option.</param>
    public static bool TryChoose(
        IReadOnlyList<int> allowed, string? workers, int? control, int most,
        [NotNullWhen(true)] out Processors? processors, out string error)
    {
        processors = null;
        string option = most == 1 ? "--worker-cpu" : "--worker-cpus";
        int[] asked = [];
        if (workers is not null && !CpuAffinity.TryParse(workers, out asked, out string unread))
        {
            error = $"{option}: {unread}";
            return false;
        }

        error = allowed.Count < 2 ? "two processors are needed, one of them for the polling thread alone"
            : asked.Length > most ? string.Create(CultureInfo.InvariantCulture, $"{option}: at most {most}")
            : Forbidden(allowed, option, asked) ?? (control is { } one ? Forbidden(allowed, "--control-cpu", [one]) : null)
            ?? string.Empty;
        if (error.Length > 0)
        {
            return false;
        }

        int rest = control ?? allowed.Except(asked).FirstOrDefault(allowed.First(cpu => asked.Length == 0 || cpu != asked[^1]));
        int[] chosen = asked.Length > 0 ? asked : [.. allowed.Where(cpu => cpu != rest).Prepend(rest).TakeLast(most)];
        if (chosen[^1] == rest || (chosen.Contains(rest) && allowed.Count > chosen.Length))
        {
            error = string.Create(
                CultureInfo.InvariantCulture, $"{option}: {rest} is the processor of everything else, too: --control-cpu names another");
            return false;
        }

        processors = new Processors(chosen, rest);
        return true;
    }

    /// <summary>Where all of them are.</summary>
    public IReadOnlyList<ProcessorPlace> Places() => [.. Used(Workers.Count).Select(cpu => ProcessorPlace.Read(cpu))];

    /// <summary>For people: "worker processors 1, control 0, node 0".</summary>
    /// <param name="places">Of all of them.</param>
    public string Line(IReadOnlyList<ProcessorPlace> places)
    {
        string several = Workers.Count > 1 ? $" (of two workers {string.Join(" and ", Workers.Order())})" : string.Empty;
        int?[] nodes = [.. Used(Workers.Count).Select(cpu => PlaceOf(places, cpu)?.Node).Distinct().Order()];
        string text = string.Join(", ", nodes.Select(node => node?.ToString(CultureInfo.InvariantCulture) ?? CompareBuilds.Unknown));
        string word = nodes.Length > 1 ? "nodes" : "node";
        return string.Create(CultureInfo.InvariantCulture, $"worker processors {Worker}{several}, control {Control}, {word} {text}");
    }

    /// <summary>What about these processors makes figures worse than they could be: a core or distant memory in common.</summary>
    /// <param name="places">Of all of them.</param>
    /// <param name="workers">How many polling threads there are at most.</param>
    public IReadOnlyList<string> Notes(IReadOnlyList<ProcessorPlace> places, int workers)
    {
        List<string> notes = [];
        int[] used = Used(workers);
        for (int index = 0; index < used.Length; index++)
        {
            foreach (int other in used[(index + 1)..])
            {
                ProcessorPlace? one = PlaceOf(places, used[index]), two = PlaceOf(places, other);
                string both = $"Processors {Name(used[index])} and {Name(other)}";
                if (one?.Siblings.Contains(other) ?? false)
                {
                    notes.Add($"{both} are threads of one core, which they share.");
                }

                if (one?.Node is { } here && two?.Node is { } there && here != there)
                {
                    notes.Add(string.Create(CultureInfo.InvariantCulture, $"{both} are of different NUMA nodes, {here} and {there}."));
                }
            }
        }

        return notes;
    }

    private static ProcessorPlace? PlaceOf(IReadOnlyList<ProcessorPlace> places, int cpu) =>
        places.FirstOrDefault(place => place.Cpu == cpu);

    private static string? Forbidden(IReadOnlyList<int> allowed, string option, IReadOnlyList<int> cpus) =>
        cpus.Where(cpu => !allowed.Contains(cpu)).Select(cpu => string.Create(CultureInfo.InvariantCulture,
            $"{option}: this process may not run on processor {cpu}, only on {CpuAffinity.Format([.. allowed])}")).FirstOrDefault();

    /// <summary>The control's, then those of so many workers.</summary>
    private int[] Used(int workers) => [.. Workers.TakeLast(workers).Prepend(Control).Distinct()];

    private string Name(int cpu) => string.Create(
        CultureInfo.InvariantCulture, $"{cpu} ({(cpu == Control ? "control" : "worker")})");
}
