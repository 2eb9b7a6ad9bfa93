using System;
using System.IO;
using Dataplane.Control.Socket;
using Dataplane.Os;
using Xunit;

namespace Dataplane.Control.Tests;

/// <summary>Who may serve a socket, and what is done with one that was left behind.</summary>
public sealed class ControlSocketTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string SocketPath => _directory.File("run/control.sock");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void The_socket_is_open_to_its_owner_and_group_only_and_gone_afterwards()
    {
        using (ControlSocket.Open(SocketPath))
        {
            const UnixFileMode expected = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

            // The umask may make it stricter, never wider.
            Assert.Equal((UnixFileMode)0, File.GetUnixFileMode(SocketPath) & ~expected);
            Assert.True((File.GetUnixFileMode(SocketPath) & UnixFileMode.UserWrite) != 0);
        }

        Assert.False(File.Exists(SocketPath));
    }

    [Fact]
    public void A_second_server_is_told_which_process_is_the_first()
    {
        using ControlSocket first = ControlSocket.Open(SocketPath);
        AlreadyRunningException refusal = Assert.Throws<AlreadyRunningException>(() => ControlSocket.Open(SocketPath));
        Assert.Equal(Environment.ProcessId, refusal.ProcessId);
        Assert.Contains($"already running, pid {Environment.ProcessId}", refusal.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(SocketPath));
    }

    [Fact]
    public void A_listener_without_the_lock_is_respected_and_named()
    {
        Directory.CreateDirectory(_directory.File("run"));
        int foreign = UnixSocket.Listen(SocketPath, 0x1B0, 4);
        AlreadyRunningException refusal = Assert.Throws<AlreadyRunningException>(() => ControlSocket.Open(SocketPath));
        UnixSocket.Close(foreign);
        Assert.Equal(Environment.ProcessId, refusal.ProcessId);
    }

    [Fact]
    public void A_socket_that_nobody_listens_on_is_replaced()
    {
        Directory.CreateDirectory(_directory.File("run"));
        UnixSocket.Close(UnixSocket.Listen(SocketPath, 0x1B0, 4));
        Assert.True(File.Exists(SocketPath));
        using ControlSocket socket = ControlSocket.Open(SocketPath);
        int client = UnixSocket.Connect(SocketPath);
        Assert.True(client >= 0);
        UnixSocket.Close(client);
    }

    [Fact]
    public void A_file_that_is_no_socket_is_never_removed()
    {
        Directory.CreateDirectory(_directory.File("run"));
        File.WriteAllText(SocketPath, "precious");
        OsException refusal = Assert.Throws<OsException>(() => ControlSocket.Open(SocketPath));
        Assert.Contains("not a socket", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(SocketPath));
    }

    [Fact]
    public void A_failed_open_lets_the_lock_go()
    {
        string tooLong = _directory.File(new string('x', 100));
        Assert.Throws<OsException>(() => ControlSocket.Open(tooLong));
        Assert.Throws<OsException>(() => ControlSocket.Open(tooLong));
    }
}
