using System;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading;
using Xunit;

namespace Dataplane.Lab.Tests;

/// <summary>What an operator changes while people use the router.</summary>
public sealed class TableSettingsTests : LabTest
{
    [Fact]
    public void A_download_survives_resizes_of_the_table_up_and_down() => InLab(new LabOptions(), lab =>
    {
        using BackgroundProcess curl = SlowDownload(lab, "20M");
        TableRow before = lab.Dataplane.Table();
        long[] sizes = [before.Buckets * 4, before.Buckets * 2, before.Buckets];
        for (int step = 0; step < sizes.Length; step++)
        {
            lab.Dataplane.Verb("table", "resize", sizes[step].ToString(CultureInfo.InvariantCulture)).OrThrow();
            TableRow after = WaitForResize(lab, before.Resizes + step + 1);
            Assert.Equal(sizes[step], after.Buckets);
            Assert.True(after.Entries >= 1);
        }

        Assert.True(curl.WaitForExit(TimeSpan.FromSeconds(20)), "the download has not ended");
        Assert.Equal(0, curl.ExitCode);
    });

    [Fact]
    public void A_lowered_limit_keeps_what_is_open_and_refuses_what_is_new_until_it_is_raised() => InLab(new LabOptions(), lab =>
    {
        using BackgroundProcess curl = SlowDownload(lab, "5M");
        LimitRow before = lab.Dataplane.Limits()[0];
        lab.Dataplane.Verb("limits", "set", "1").OrThrow();
        Assert.Equal(1, lab.Dataplane.Limits()[0].Max);

        // One worker may use credits that it held until its next housekeeping, half a millisecond later.
        Thread.Sleep(50);
        CommandResult refused = lab.Topology.Client.Run(
            TimeSpan.FromSeconds(5), "curl", "--silent", "--connect-timeout", "2", "--output", "/dev/null", FarUrl + "slow.bin");
        Assert.False(refused.Succeeded);
        Assert.True(lab.Dataplane.Drops().Single(row => row.Reason == "table_full").Packets > 0);
        Assert.True(lab.Dataplane.Limits()[0].Refused > 0);

        lab.Dataplane.Verb("limits", "set", before.Max!.Value.ToString(CultureInfo.InvariantCulture)).OrThrow();
        AssertIntact(Traffic.Download(lab, lab.Topology.Client, FarUrl, 1_000_000));
        Assert.True(curl.WaitForExit(TimeSpan.FromSeconds(30)), "the download has not ended");
        Assert.Equal(0, curl.ExitCode);
    });

    private static BackgroundProcess SlowDownload(Lab lab, string bytesPerSecond)
    {
        ServeInternet(lab);
        lab.Web.Make("slow.bin", 50_000_000);
        BackgroundProcess curl = lab.Topology.Client.Start(
            "curl", "--silent", "--limit-rate", bytesPerSecond, "--output", "/dev/null", FarUrl + "slow.bin");
        for (int attempt = 0; attempt < 50 && lab.Dataplane.Table().Entries == 0; attempt++)
        {
            Thread.Sleep(100);
        }

        return curl;
    }

    private static TableRow WaitForResize(Lab lab, long resizes)
    {
        long began = Stopwatch.GetTimestamp();
        TableRow row = lab.Dataplane.Table();
        while (row.Resizes < resizes || row.PreviousBuckets != 0)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(20), "the resize has not ended");
            Thread.Sleep(50);
            row = lab.Dataplane.Table();
        }

        return row;
    }
}
