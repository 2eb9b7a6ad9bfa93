using System;
using System.Globalization;
using System.Linq;

namespace Dataplane.Conntrack.Interleaving.Tests;

/// <summary>Which worker runs when: the one that begins, and the steps before which it is interrupted for the other.</summary>
/// <remarks>
/// A step is a yield point, counted over both workers. Where a worker waits or ends the other takes over without being told, so this is
/// all it takes to repeat a run. Written as <c>1@17,40</c>: worker 1 begins, the steps 17 and 40 are others' turns.
/// </remarks>
internal sealed record Schedule(int First, int[] Switches)
{
    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <exception cref="FormatException">It did not.</exception>
    public static Schedule Parse(string text)
    {
        string[] parts = text.Split('@');
        if (parts.Length != 2 || parts[0] is not ("0" or "1"))
        {
            throw new FormatException($"'{text}' is not a schedule, like 1@17,40");
        }

        int[] switches =
        [
            .. parts[1].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(step => int.Parse(step, CultureInfo.InvariantCulture)),
        ];
        for (int place = 0; place < switches.Length; place++)
        {
            if (switches[place] < 1 || (place > 0 && switches[place] <= switches[place - 1]))
            {
                throw new FormatException($"the steps of '{text}' do not rise from 1");
            }
        }

        return new Schedule(parts[0][0] - '0', switches);
    }

    public override string ToString() => $"{First}@{string.Join(',', Switches)}";
}
