using System;
using System.Runtime.InteropServices;

namespace Dataplane.Os;

/// <summary>A system call failed. The message is one line: what was tried, on what, and the kernel's reason.</summary>
public sealed class OsException : Exception
{
    /// <param name="what">What was tried and on which object, such as <c>open '/run/x'</c>.</param>
    /// <param name="errno">The error number that the call left, always positive.</param>
    public OsException(string what, int errno)
        : base($"{what}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})") => ErrorNumber = errno;

    /// <summary>The error number, one of <see cref="Errno"/> or another of errno(3).</summary>
    public int ErrorNumber { get; }

    /// <summary>The failure of the import that has just returned.</summary>
    internal static OsException Last(string what) => new(what, Marshal.GetLastPInvokeError());
}
