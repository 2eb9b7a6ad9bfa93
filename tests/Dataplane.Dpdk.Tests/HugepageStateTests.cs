using Xunit;

namespace Dataplane.Dpdk.Tests;

public sealed class HugepageStateTests
{
    [Theory]
    [InlineData("HugePages_Free:", 1019)]
    [InlineData("Hugepagesize:", 2048)]
    [InlineData("Missing:", 0)]
    [InlineData("Broken:", 0)]
    public void Meminfo_fields_are_read(string name, long expected)
    {
        string[] meminfo = ["MemTotal:       24683692 kB", "HugePages_Free:     1019", "Hugepagesize:       2048 kB", "Broken:  x"];
        Assert.Equal(expected, HugepageState.Field(meminfo, name));
    }

    [Theory]
    [InlineData("hugetlbfs /dev/hugepages hugetlbfs rw,relatime,pagesize=2M 0 0", 2048, "/dev/hugepages")]
    [InlineData("none /mnt/huge hugetlbfs rw,relatime 0 0", 2048, "/mnt/huge")]
    [InlineData("hugetlbfs /dev/hugepages1G hugetlbfs rw,pagesize=1024M 0 0", 2048, null)]
    [InlineData("hugetlbfs /dev/hugepages1G hugetlbfs rw,pagesize=1G 0 0", 1048576, "/dev/hugepages1G")]
    [InlineData("tmpfs /dev/hugepages tmpfs rw 0 0", 2048, null)]
    [InlineData("garbage", 2048, null)]
    public void The_mount_with_the_right_page_size_is_found(string mount, long pageKiB, string? expected) =>
        Assert.Equal(expected, HugepageState.FindMount(["proc /proc proc rw 0 0", mount], pageKiB));

    [Theory]
    [InlineData(512, 256)]
    [InlineData(511, 256)]
    [InlineData(64, 32)]
    public void Pages_are_rounded_up(int memoryMiB, long pages) =>
        Assert.Equal(pages, new HugepageState(2048, 0, 0, null).PagesFor(memoryMiB));

    [Fact]
    public void A_kernel_without_hugepages_never_suffices() => Assert.False(new HugepageState(0, 0, 0, null).Suffices(64));
}
