using System.Collections;
using System.Collections.Generic;
using Dataplane.Datapath.Fragments;

namespace Dataplane.Datapath.Tests;

/// <summary>A datagram's pieces as a naive observer keeps them: one bit for each of its 65,535 bytes.</summary>
internal sealed class FragmentReference
{
    private readonly BitArray _bytes = new(65536);
    private readonly HashSet<(int Offset, int Length, bool IsLast)> _pieces = [];

    public bool IsComplete
    {
        get
        {
            int end = End;
            for (int position = 0; position < end; position++)
            {
                if (!_bytes[position])
                {
                    return false;
                }
            }

            return end > 0;
        }
    }

    public int Count => _pieces.Count;

    private int End
    {
        get
        {
            foreach ((int offset, int length, bool isLast) in _pieces)
            {
                if (isLast)
                {
                    return offset + length;
                }
            }

            return 0;
        }
    }

    public FragmentFit Add(int offset, int length, bool isLast, int piecesMax)
    {
        if (_pieces.Contains((offset, length, isLast)))
        {
            return FragmentFit.Duplicate;
        }

        int end = End;
        if (end > 0 && (isLast || offset + length > end))
        {
            return FragmentFit.Overlap;
        }

        // Nothing may be where this piece goes, and nothing behind an end.
        int clearUpTo = isLast ? _bytes.Length : offset + length;
        for (int position = offset; position < clearUpTo; position++)
        {
            if (_bytes[position])
            {
                return FragmentFit.Overlap;
            }
        }

        if (_pieces.Count == piecesMax)
        {
            return FragmentFit.TooMany;
        }

        _pieces.Add((offset, length, isLast));
        for (int position = offset; position < offset + length; position++)
        {
            _bytes[position] = true;
        }

        return FragmentFit.Added;
    }
}
