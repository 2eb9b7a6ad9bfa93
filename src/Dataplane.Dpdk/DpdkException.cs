using System;
using System.Runtime.InteropServices;

namespace Dataplane.Dpdk;

/// <summary>Something of DPDK or of the machine below it did not work; the message is one line for a person.</summary>
public sealed class DpdkException : Exception
{
    public DpdkException()
    {
    }

    public DpdkException(string message)
        : base(message)
    {
    }

    public DpdkException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <param name="message">What failed and why, one line.</param>
    /// <param name="remedy">What to do about it, preferably a command; null when nothing is known.</param>
    /// <param name="errno">The positive errno of Linux, 0 when there is none.</param>
    public DpdkException(string message, string? remedy, int errno = 0)
        : base(message)
    {
        Remedy = remedy;
        Errno = errno;
    }

    /// <summary>What to do about it, preferably a command line.</summary>
    public string? Remedy { get; }

    /// <summary>The positive errno, 0 when there is none.</summary>
    public int Errno { get; }

    /// <summary>Throws when <paramref name="result"/> is negative, with the cause that DPDK logged meanwhile.</summary>
    /// <param name="result">0, a count, or a negative errno as the shim returns it.</param>
    /// <param name="what">What was attempted: "port lan: start".</param>
    /// <param name="position">A value of <see cref="EalLog.Position"/> from before the attempt.</param>
    internal static void ThrowIfFailed(int result, string what, ulong position)
    {
        if (result < 0)
        {
            throw From(result, what, position, remedy: null);
        }
    }

    internal static DpdkException From(int result, string what, ulong position, string? remedy)
    {
        // Drivers return a bare -1 for "failed", which is EPERM only by accident; what they logged says more.
        string error = Marshal.GetPInvokeErrorMessage(-result);
        string? cause = EalLog.CauseSince(position);
        string why = cause is null ? error : result == -1 ? cause : $"{cause} ({error})";
        return new DpdkException($"{what}: {why}", remedy, -result);
    }
}
