using System;
using System.Text;

namespace Dataplane.Os;

/// <summary>A path or name as the zero-terminated UTF-8 that libc takes.</summary>
internal static class NativePath
{
    /// <exception cref="ArgumentException">The text is empty or holds a NUL, which would cut it short.</exception>
    internal static byte[] Encode(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("a path cannot hold a NUL character", nameof(text));
        }

        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }
}
