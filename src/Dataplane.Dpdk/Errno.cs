namespace Dataplane.Dpdk;

/// <summary>The error numbers of Linux that this assembly tells apart (asm-generic/errno.h).</summary>
internal static class Errno
{
    internal const int NoEntry = 2;
    internal const int NoMemory = 12;
    internal const int Busy = 16;
    internal const int NoDevice = 19;
    internal const int Invalid = 22;
    internal const int NotSupported = 95;
}
