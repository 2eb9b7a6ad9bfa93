using System;
using System.Runtime.InteropServices;

namespace Dataplane.Os;

/// <summary>Random bytes from the kernel's generator (getrandom(2)): hash keys, RSS keys, port seeds.</summary>
public static unsafe class SecureRandom
{
    /// <summary>Fills the span; waits for the generator's first seeding at boot. Allocates nothing.</summary>
    /// <exception cref="OsException">The kernel has no generator.</exception>
    public static void Fill(Span<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            int done = 0;
            while (done < bytes.Length)
            {
                nint got = Libc.GetRandom(start + done, (nuint)(bytes.Length - done), 0);
                if (got > 0)
                {
                    done += (int)got;
                }
                else if (Marshal.GetLastPInvokeError() != Errno.Interrupted)
                {
                    throw OsException.Last("read random bytes");
                }
            }
        }
    }

    /// <summary>64 random bits.</summary>
    public static ulong NextUInt64()
    {
        ulong value = 0;
        Fill(new Span<byte>(&value, sizeof(ulong)));
        return value;
    }
}
