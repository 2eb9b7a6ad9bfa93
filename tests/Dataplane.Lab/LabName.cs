using System;
using System.Globalization;
using System.IO;

namespace Dataplane.Lab;

/// <summary>
/// Names of what a lab makes: <c>dplab-PID-START-N-ROLE</c>. The owner's process id and its start time (clock ticks
/// since boot, /proc/PID/stat field 22) tell whether the owner still lives, even when the id has been used again.
/// </summary>
internal static class LabName
{
    private const string Mark = "dplab";
    private const int StartTimeField = 22;

    /// <summary>The prefix of everything that lab <paramref name="number"/> of this process makes.</summary>
    public static string Prefix(int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{Mark}-{Environment.ProcessId}-{StartTime(Environment.ProcessId)}-{number}");

    /// <summary>True for a name that a lab made whose process has ended without cleaning up.</summary>
    public static bool IsLeftover(string name)
    {
        string[] parts = name.Split('-');
        return parts.Length >= 4
            && parts[0] == Mark
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int processId)
            && ulong.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out ulong start)
            && StartTime(processId) != start;
    }

    // 0 when there is no such process. The second field, the command, may itself contain blanks and brackets.
    private static ulong StartTime(int processId)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{processId}/stat");
            string[] afterCommand = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return ulong.Parse(afterCommand[StartTimeField - 3], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
