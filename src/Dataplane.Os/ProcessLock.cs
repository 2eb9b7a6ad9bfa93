using System;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Dataplane.Os;

/// <summary>A pid file with an advisory lock (flock(2)): at most one living process holds it.</summary>
/// <remarks>
/// The kernel drops the lock with the process, however it ends, so a file left behind never blocks a start and the
/// pid in it is only ever read while its writer lives. The file itself stays: removing it would let two processes
/// lock two different files of the same name.
/// </remarks>
public sealed unsafe class ProcessLock : IDisposable
{
    private int _fd;

    private ProcessLock(int fd) => _fd = fd;

    /// <summary>Takes the lock and writes this process's id, or reports who has it.</summary>
    /// <param name="path">The pid file; made with mode 0644 if missing, its directory must exist.</param>
    /// <param name="holderPid">If not taken: the holder, or 0 if it has not written its id yet.</param>
    /// <returns>The lock, or null if another process, or an earlier call in this one, holds it.</returns>
    /// <exception cref="OsException">The file cannot be opened or written.</exception>
    public static ProcessLock? TryAcquire(string path, out int holderPid)
    {
        int fd;
        fixed (byte* name = NativePath.Encode(path))
        {
            fd = Libc.Open(name, Libc.OpenReadWrite | Libc.OpenCreate | Libc.OpenCloseOnExec, 0x1A4);
        }

        if (fd < 0)
        {
            throw OsException.Last($"open '{path}'");
        }

        holderPid = 0;
        if (Libc.Lock(fd, Libc.LockExclusive | Libc.LockNonBlocking) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            holderPid = ReadPid(fd);
            _ = Libc.Close(fd);
            return error == Errno.WouldBlock ? null : throw new OsException($"lock '{path}'", error);
        }

        byte[] text = Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
        fixed (byte* bytes = text)
        {
            if (Libc.Truncate(fd, 0) != 0 || Libc.WriteAt(fd, bytes, (nuint)text.Length, 0) != text.Length)
            {
                OsException error = OsException.Last($"write '{path}'");
                _ = Libc.Close(fd);
                throw error;
            }
        }

        return new ProcessLock(fd);
    }

    /// <summary>Lets the lock go and empties the file.</summary>
    public void Dispose()
    {
        if (_fd >= 0)
        {
            _ = Libc.Truncate(_fd, 0);
            _ = Libc.Close(_fd);
            _fd = -1;
        }
    }

    private static int ReadPid(int fd)
    {
        byte* text = stackalloc byte[16];
        nint length = Libc.ReadAt(fd, text, 16, 0);
        string trimmed = length > 0 ? Encoding.ASCII.GetString(text, (int)length).Trim() : "";
        return int.TryParse(trimmed, NumberStyles.None, CultureInfo.InvariantCulture, out int pid) ? pid : 0;
    }
}
