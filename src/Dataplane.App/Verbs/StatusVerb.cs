using System.CommandLine;

namespace Dataplane.App.Verbs;

/// <summary><c>dataplane status</c>: whether a router runs, and how it fares.</summary>
internal static class StatusVerb
{
    internal static Command Create(Terminal terminal) =>
        ShowVerb.CreateTopic(terminal, "status", "status", "Shows whether a router runs, and how it fares.");
}
