using System.Linq;
using Xunit;

namespace Dataplane.Lab.Tests;

/// <summary>Resets that an attacker sends into a running upload (RFC 5961 §3).</summary>
public sealed class ForgedResetTests : LabTest
{
    private const long UploadBytes = 20_000_000; // at 10 MB/s: 2 s
    private const int Resets = 1000;

    [Theory]
    [InlineData(DeviceKind.AfXdp)]
    [InlineData(DeviceKind.AfPacket)]
    public void Resets_inside_the_window_are_challenged_by_the_client_and_end_nothing(DeviceKind device) =>
        InLab(new LabOptions { Device = device }, lab =>
        {
            ServeInternet(lab);
            ResetAttack attack = ResetForger.Attack(lab, FarUrl, UploadBytes, ResetPlacement.Inside, Resets);
            AssertIntact(attack.Upload);
            Assert.Equal(Resets, attack.Sent);
            Assert.True(attack.Challenges > 0, "no reset reached the client");
            Assert.Equal(0, Outside(lab));
        });

    [Fact]
    public void Resets_far_outside_the_window_are_dropped_by_name() => InLab(new LabOptions(), lab =>
    {
        ServeInternet(lab);
        ResetAttack attack = ResetForger.Attack(lab, FarUrl, UploadBytes, ResetPlacement.Outside, Resets);
        AssertIntact(attack.Upload);
        Assert.Equal((Resets, 0L), (attack.Sent, attack.Challenges));
        Assert.Equal(Resets, Outside(lab));
    });

    /// <summary>The control: a forger who knows the exact number does end the upload, so the others' resets were real ones.</summary>
    [Fact]
    public void A_reset_with_the_exact_number_ends_the_upload() => InLab(new LabOptions(), lab =>
    {
        ServeInternet(lab);
        Transfer upload = ResetForger.Attack(lab, FarUrl, UploadBytes, ResetPlacement.Exact, 1).Upload;
        Assert.False(upload.Command.Succeeded);
        Assert.False(upload.Command.TimedOut);
        Assert.Equal("CLOSE", Assert.Single(lab.Dataplane.Connections(), row => row.Protocol == "tcp").State);
    });

    private static long Outside(Lab lab) =>
        lab.Dataplane.Drops().SingleOrDefault(row => row.Reason == "tcp_reset_outside_window")?.Packets ?? 0;
}
