using System.Runtime.InteropServices;

namespace Dataplane.Os;

/// <summary>Group ownership and removal of files that this process makes, such as its control socket.</summary>
public static unsafe class OwnedFile
{
    /// <summary>The number of a group of the system, or null where there is no such group.</summary>
    public static uint? FindGroup(string name)
    {
        fixed (byte* text = NativePath.Encode(name))
        {
            Libc.GroupRecord* record = Libc.FindGroup(text);
            return record == null ? null : record->GroupId;
        }
    }

    /// <summary>Gives a file to a group; its user stays. A symbolic link is changed itself, not followed.</summary>
    /// <exception cref="OsException">No such file, or not permitted.</exception>
    public static void SetGroup(string path, uint groupId)
    {
        fixed (byte* name = NativePath.Encode(path))
        {
            if (Libc.ChangeOwner(name, uint.MaxValue, groupId) != 0)
            {
                throw OsException.Last($"give '{path}' to group {groupId}");
            }
        }
    }

    /// <summary>Whether something has this name, without following a symbolic link.</summary>
    /// <exception cref="OsException">It cannot be known, because a directory on the way is closed to us.</exception>
    public static bool Exists(string path, out bool isSocket)
    {
        FileStatus status;
        isSocket = false;
        fixed (byte* name = NativePath.Encode(path))
        {
            if (Libc.Status(FileStatus.CurrentDirectory, name, FileStatus.NoFollow, FileStatus.AskType, &status) == 0)
            {
                isSocket = (status.Mode & FileStatus.TypeMask) == FileStatus.TypeSocket;
                return true;
            }

            return Marshal.GetLastPInvokeError() == Errno.NoEntry ? false : throw OsException.Last($"look for '{path}'");
        }
    }

    /// <summary>Removes a name from the file system.</summary>
    /// <returns>False if there was none.</returns>
    /// <exception cref="OsException">It exists and cannot be removed.</exception>
    public static bool Remove(string path)
    {
        fixed (byte* name = NativePath.Encode(path))
        {
            if (Libc.Unlink(name) == 0)
            {
                return true;
            }

            return Marshal.GetLastPInvokeError() == Errno.NoEntry ? false : throw OsException.Last($"remove '{path}'");
        }
    }
}
