using System;
using System.Collections.Generic;
using System.Linq;

namespace Dataplane.Control.Reading;

/// <summary>Finds the word that was probably meant.</summary>
internal static class Spelling
{
    /// <summary>The nearest candidate within a third of the word's length (at least one edit), or null.</summary>
    internal static string? Nearest(string word, IEnumerable<string> candidates)
    {
        int limit = Math.Clamp(word.Length / 3, 1, 3);
        return candidates.Select(candidate => (candidate, distance: Distance(word, candidate)))
            .Where(pair => pair.distance <= limit)
            .OrderBy(pair => pair.distance)
            .Select(pair => pair.candidate)
            .FirstOrDefault();
    }

    /// <summary>As a suggestion line, or null.</summary>
    internal static string? DidYouMean(string word, IEnumerable<string> candidates) =>
        Nearest(word, candidates) is { } nearest ? $"did you mean \"{nearest}\"?" : null;

    /// <summary>Edits between two words ignoring case: insert, delete, replace, or swap of neighbours (optimal string
    /// alignment).</summary>
    internal static int Distance(string left, string right)
    {
        // A mistyped key is short; a long one has no neighbour and must not cost its square.
        const int lengthMax = 64;
        if (left.Length > lengthMax || right.Length > lengthMax)
        {
            return int.MaxValue;
        }

        int[,] edits = new int[left.Length + 1, right.Length + 1];
        for (int row = 0; row <= left.Length; row++)
        {
            for (int column = 0; column <= right.Length; column++)
            {
                edits[row, column] = row == 0 || column == 0 ? row + column : Step(edits, left, right, row, column);
            }
        }

        return edits[left.Length, right.Length];
    }

    private static int Step(int[,] edits, string left, string right, int row, int column)
    {
        bool same = Same(left[row - 1], right[column - 1]);
        int best = Math.Min(
            edits[row - 1, column - 1] + (same ? 0 : 1),
            Math.Min(edits[row - 1, column], edits[row, column - 1]) + 1);
        bool swapped = row > 1 && column > 1 && Same(left[row - 1], right[column - 2]) && Same(left[row - 2], right[column - 1]);
        return swapped ? Math.Min(best, edits[row - 2, column - 2] + 1) : best;
    }

    private static bool Same(char left, char right) => char.ToUpperInvariant(left) == char.ToUpperInvariant(right);
}
