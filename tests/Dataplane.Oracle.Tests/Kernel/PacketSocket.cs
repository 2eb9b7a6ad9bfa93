using System;
using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Dataplane.Oracle.Tests.Kernel;

/// <summary>Whole frames to and from one interface (packet(7)); only those that arrive are received.</summary>
internal sealed unsafe class PacketSocket : IDisposable
{
    private const ushort AllProtocols = 3;
    private const int BufferBytes = 8 << 20;

    private readonly string _device;
    private int _descriptor;

    /// <param name="device">An interface of the calling thread's namespace.</param>
    /// <exception cref="Win32Exception">Not permitted, or no such interface.</exception>
    public PacketSocket(string device)
    {
        _device = device;

        // Protocol 0 receives nothing until it is bound to its interface.
        _descriptor = Descriptor.Check(
            Libc.Socket(Libc.FamilyPacket, Libc.SocketRaw | Libc.SocketCloseOnExec, 0), "open a packet socket");
        try
        {
            Set(Libc.SolPacket, Libc.PacketIgnoreOutgoing, 1);
            Set(Libc.SolSocket, Libc.SoReceiveBufferForce, BufferBytes);
            Libc.LinkAddress address = new()
            {
                Family = Libc.FamilyPacket,
                ProtocolBigEndian = BinaryPrimitives.ReverseEndianness(AllProtocols),
                InterfaceIndex = (int)Libc.InterfaceIndex(device),
            };
            if (address.InterfaceIndex == 0)
            {
                throw new Win32Exception(Marshal.GetLastPInvokeError(), $"no interface {device}");
            }

            Descriptor.Check(Libc.Bind(_descriptor, &address, (uint)sizeof(Libc.LinkAddress)), $"bind to {device}");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>For poll(2).</summary>
    public int FileDescriptor => _descriptor;

    /// <summary>Sends a frame as it is.</summary>
    /// <exception cref="Win32Exception">The interface refused it.</exception>
    public void Send(ReadOnlySpan<byte> frame)
    {
        fixed (byte* bytes = frame)
        {
            Descriptor.Check((int)Libc.Send(_descriptor, bytes, (nuint)frame.Length, 0), $"send {frame.Length} bytes by {_device}");
        }
    }

    /// <summary>The next frame that arrived, if there is one.</summary>
    /// <returns>Null when nothing waits.</returns>
    /// <exception cref="Win32Exception">The socket failed.</exception>
    public byte[]? TryReceive()
    {
        byte* buffer = stackalloc byte[ushort.MaxValue];
        nint length = Libc.Receive(_descriptor, buffer, ushort.MaxValue, Libc.MessageDontWait);
        if (length < 0 && Marshal.GetLastPInvokeError() is Libc.ErrnoAgain or Libc.ErrnoInterrupted)
        {
            return null;
        }

        return new ReadOnlySpan<byte>(buffer, Descriptor.Check((int)length, $"receive from {_device}")).ToArray();
    }

    public void Dispose()
    {
        if (_descriptor >= 0)
        {
            _ = Libc.Close(_descriptor);
            _descriptor = -1;
        }
    }

    private void Set(int level, int option, int value) =>
        Descriptor.Check(Libc.SetOption(_descriptor, level, option, &value, sizeof(int)), $"set option {option} of {_device}");
}
