using System.Collections.Generic;
using System.Text.RegularExpressions;

namespace Dataplane.Tidy.Tests;

/// <summary>
/// What the packet path never does: allocate by LINQ, wait, lock a monitor, log, ask the time. The hot folders hold no
/// other kind of code, except what <see cref="StartUp"/> lists, which may throw on a caller's mistake.
/// </summary>
internal static partial class HotPathRules
{
    /// <summary>The assemblies whose code runs for packets.</summary>
    public static readonly string[] Folders =
        ["src/Dataplane.Packet", "src/Dataplane.Conntrack", "src/Dataplane.Nat", "src/Dataplane.Datapath"];

    /// <summary>Files with methods that run before the first packet, or for people, and why each may throw.</summary>
    public static readonly Dictionary<string, string> StartUp = new()
    {
        ["src/Dataplane.Packet/Ipv4Address.cs"] = "Parse reads text",
        ["src/Dataplane.Packet/Ipv6Address.cs"] = "Parse reads text",
        ["src/Dataplane.Packet/MacAddress.cs"] = "Parse reads text",
        ["src/Dataplane.Conntrack/ConntrackMemory.cs"] = "allocates the table at start",
        ["src/Dataplane.Conntrack/TimeoutTable.cs"] = "filled from the plan",
        ["src/Dataplane.Datapath/PlanBuilder.cs"] = "builds the plan",
        ["src/Dataplane.Datapath/QueueAssignment.cs"] = "assigns queues at start",
        ["src/Dataplane.Datapath/Router.cs"] = "allocates everything at start",
        ["src/Dataplane.Datapath/Worker.cs"] = "its constructor",
    };

    /// <summary>The forbidden words in <paramref name="source"/>, as "line: word".</summary>
    public static IEnumerable<string> Violations(string source, bool mayThrow)
    {
        string[] lines = CSharpText.Code(source).Split('\n');
        for (int line = 0; line < lines.Length; line++)
        {
            foreach (Match word in Forbidden().Matches(lines[line]))
            {
                yield return $"{line + 1}: {word.Value}";
            }

            if (!mayThrow && Throws().Match(lines[line]) is { Success: true } thrown)
            {
                yield return $"{line + 1}: {thrown.Value}";
            }
        }
    }

    [GeneratedRegex(
        @"\bSystem\.Linq\b|\basync\b|\bawait\b|\b(?:Value)?Task\b|\block\s*\(|\bMonitor\b|\bMutex\b|\bSemaphore(?:Slim)?\b"
        + @"|\bConsole\s*\.|\bDateTime(?:Offset)?\b|\bStopwatch\b|\bEnvironment\s*\.\s*TickCount\w*|\bThread\s*\.\s*Sleep\b"
        + @"|\bConcurrent(?:Dictionary|Queue|Bag|Stack)\b|\bILogger\b|\bdynamic\b|\byield\s+return\b")]
    private static partial Regex Forbidden();

    // An unreachable place after a fail-fast is not a throw that anybody sees.
    [GeneratedRegex(@"\bthrow\b(?!\s+new\s+(?:System\.Diagnostics\.)?UnreachableException\b)|\.\s*ThrowIf\w+")]
    private static partial Regex Throws();
}
