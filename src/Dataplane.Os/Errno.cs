namespace Dataplane.Os;

/// <summary>The error numbers of Linux that callers tell apart (errno(3)).</summary>
public static class Errno
{
    public const int NotPermitted = 1;
    public const int NoEntry = 2;
    public const int NoSuchProcess = 3;
    public const int Interrupted = 4;
    public const int WouldBlock = 11;
    public const int NoMemory = 12;
    public const int AccessDenied = 13;
    public const int Exists = 17;
    public const int Invalid = 22;
    public const int TooManyFilesSystem = 23;
    public const int TooManyFiles = 24;
    public const int NoSpace = 28;
    public const int BrokenPipe = 32;
    public const int NameTooLong = 36;
    public const int AddressInUse = 98;
    public const int ConnectionAborted = 103;
    public const int ConnectionReset = 104;
    public const int ConnectionRefused = 111;
}
