using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Dataplane.Dpdk.Tests;

public sealed class EalArgumentsTests
{
    private static readonly HugepageState Plenty = new(2048, 1024, 0, "/dev/hugepages");
    private static readonly EalOptions TwoWorkers = new() { WorkerCpus = [4, 6], ControlCpu = 2 };

    [Fact]
    public void Lcore_zero_is_the_control_cpu_and_workers_count_up_in_order()
    {
        string text = Text(EalArguments.Build(TwoWorkers, Plenty));
        Assert.Contains("--lcores 0@2,1@4,2@6 --main-lcore 0", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_pci_devices_the_bus_is_left_alone_and_addresses_are_virtual() =>
        Assert.EndsWith("--no-pci --iova-mode va", Text(EalArguments.Build(TwoWorkers, Plenty)), StringComparison.Ordinal);

    [Fact]
    public void With_pci_devices_only_they_are_probed_and_the_bus_chooses_addresses()
    {
        string text = Text(EalArguments.Build(TwoWorkers with { PciAllow = ["0000:3b:00.0", "0000:3b:00.1"] }, Plenty));
        Assert.EndsWith("-a 0000:3b:00.0 -a 0000:3b:00.1", text, StringComparison.Ordinal);
        Assert.DoesNotContain("iova", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Enough_hugepages_are_used_without_a_note()
    {
        EalArguments built = EalArguments.Build(TwoWorkers with { MemoryMiB = 512 }, Plenty with { FreePages = 256 });
        Assert.True(built.UsesHugepages);
        Assert.Empty(built.Notes);
        Assert.Contains("-m 512", Text(built), StringComparison.Ordinal);
        Assert.DoesNotContain("--no-huge", Text(built), StringComparison.Ordinal);
    }

    [Fact]
    public void One_hugepage_too_few_means_ordinary_pages_and_a_note_with_the_command()
    {
        EalArguments built = EalArguments.Build(TwoWorkers with { MemoryMiB = 512 }, Plenty with { FreePages = 255 });
        Assert.False(built.UsesHugepages);
        Assert.Contains("--no-huge", built.Arguments);
        string note = Assert.Single(built.Notes);
        Assert.Contains("255 of 256", note, StringComparison.Ordinal);
        Assert.Contains("echo 256 > /proc/sys/vm/nr_hugepages", note, StringComparison.Ordinal);
    }

    [Fact]
    public void Pages_that_a_killed_predecessor_left_count_as_free() =>
        Assert.True(EalArguments.Build(TwoWorkers, Plenty with { FreePages = 0, StalePages = 256 }).UsesHugepages);

    [Fact]
    public void Demanded_hugepages_that_are_missing_are_an_error_with_the_command()
    {
        DpdkException error = Assert.Throws<DpdkException>(() =>
            EalArguments.Build(TwoWorkers with { Hugepages = HugepageMode.On }, Plenty with { FreePages = 3 }));
        Assert.Contains("3 of 256", error.Message, StringComparison.Ordinal);
        Assert.Equal("echo 256 > /proc/sys/vm/nr_hugepages", error.Remedy);
    }

    [Fact]
    public void Hugepages_switched_off_are_not_worth_a_note()
    {
        EalArguments built = EalArguments.Build(TwoWorkers with { Hugepages = HugepageMode.Off }, Plenty);
        Assert.False(built.UsesHugepages);
        Assert.Empty(built.Notes);
    }

    [Fact]
    public void Unmounted_hugepages_are_used_in_memory_with_a_note()
    {
        EalArguments built = EalArguments.Build(TwoWorkers, Plenty with { Mount = null });
        Assert.Contains("--in-memory", built.Arguments);
        Assert.Contains("mount -t hugetlbfs", Assert.Single(built.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Telemetry_is_off_unless_asked_for()
    {
        Assert.Contains("--no-telemetry", EalArguments.Build(TwoWorkers, Plenty).Arguments);
        Assert.DoesNotContain("--no-telemetry", EalArguments.Build(TwoWorkers with { Telemetry = true }, Plenty).Arguments);
    }

    [Fact]
    public void Driver_libraries_are_loaded_in_order()
    {
        string file = typeof(EalArgumentsTests).Assembly.Location;
        string text = Text(EalArguments.Build(TwoWorkers with { Drivers = [file, "/bin/sh"] }, Plenty));
        Assert.Contains($"-d {file} -d /bin/sh", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        EalOptions[] bad =
        [
            TwoWorkers with { WorkerCpus = [] },
            TwoWorkers with { WorkerCpus = [1, 1] },
            TwoWorkers with { WorkerCpus = [-1] },
            TwoWorkers with { WorkerCpus = [.. Enumerable.Range(0, 128)] },
            TwoWorkers with { ControlCpu = -1 },
            TwoWorkers with { MemoryMiB = 63 },
            TwoWorkers with { FilePrefix = "" },
            TwoWorkers with { FilePrefix = "../etc" },
            TwoWorkers with { FilePrefix = new string('x', 33) },
            TwoWorkers with { Drivers = ["librte_net_null.so"] },
            TwoWorkers with { Drivers = ["/bin"] },
            TwoWorkers with { Drivers = ["/nowhere/librte_net_null.so"] },
        ];
        Assert.All(bad, options => Assert.Throws<DpdkException>(() => EalArguments.Build(options, Plenty)));
    }

    [Fact]
    public void The_control_cpu_may_be_a_workers() =>
        Assert.Contains("0@4,1@4,2@6", EalArguments.Build(TwoWorkers with { ControlCpu = 4 }, Plenty).Arguments);

    private static string Text(EalArguments arguments) => string.Join(' ', arguments.Arguments);
}
