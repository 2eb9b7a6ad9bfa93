using System.Runtime.InteropServices;

namespace Dataplane.Os;

/// <summary><c>struct ucred</c>: who is at the other end of a Unix socket, as the kernel knows it (unix(7)).</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly struct PeerCredentials
{
    /// <summary>The process that connected, or that called listen; 0 if it is in a PID namespace we do not see.</summary>
    public readonly int ProcessId;

    public readonly uint UserId;

    public readonly uint GroupId;
}
