using System;
using System.Collections.Generic;
using Dataplane.Control.Diagnostics;

namespace Dataplane.Control.Reading;

/// <summary>Turns byte offsets of a UTF-8 text into lines and columns.</summary>
internal sealed class LineMap
{
    private readonly string _origin;
    private readonly byte[] _text;
    private readonly List<int> _lineStarts;

    /// <param name="origin">The file's name.</param>
    /// <param name="text">All of it.</param>
    /// <param name="start">Where the first line starts: behind a byte order mark, which editors do not show.</param>
    internal LineMap(string origin, byte[] text, int start)
    {
        _lineStarts = [start];
        _origin = origin;
        _text = text;
        for (int offset = start; offset < text.Length; offset++)
        {
            if (text[offset] == (byte)'\n')
            {
                _lineStarts.Add(offset + 1);
            }
        }
    }

    /// <summary>The place of a byte; columns count characters, so that editors agree.</summary>
    internal SourceLocation Locate(long offset)
    {
        int end = (int)Math.Clamp(offset, _lineStarts[0], _text.Length);
        int line = _lineStarts.BinarySearch(end);
        line = line >= 0 ? line : ~line - 1;
        int column = 1;
        for (int index = _lineStarts[line]; index < end; index++)
        {
            // Continuation bytes (10xxxxxx) belong to the character before them.
            column += (_text[index] & 0xC0) == 0x80 ? 0 : 1;
        }

        return new SourceLocation(_origin, line + 1, column);
    }

    /// <summary>The byte that a line and a byte position in it, both from 0, name.</summary>
    internal int OffsetOf(long line, long bytePosition)
    {
        int start = _lineStarts[(int)Math.Clamp(line, 0, _lineStarts.Count - 1)];
        return (int)Math.Clamp(start + bytePosition, 0, _text.Length);
    }
}
