using System;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Dataplane.Dpdk;

/// <summary>The default-size hugepages of this machine, read once before the EAL starts.</summary>
/// <param name="PageKiB">Size of one page, 0 when the kernel has none.</param>
/// <param name="FreePages">Reserved and not in use.</param>
/// <param name="StalePages">Pages in files that a former process of the same prefix left; the EAL takes them back.</param>
/// <param name="Mount">Where hugetlbfs with that page size is mounted; null: nowhere.</param>
internal sealed record HugepageState(long PageKiB, long FreePages, long StalePages, string? Mount)
{
    /// <summary>Pages needed for that much memory.</summary>
    internal long PagesFor(int memoryMiB) => PageKiB == 0 ? 0 : (memoryMiB * 1024L + PageKiB - 1) / PageKiB;

    /// <summary>True when that much memory can come from hugepages.</summary>
    internal bool Suffices(int memoryMiB) => PageKiB > 0 && FreePages + StalePages >= PagesFor(memoryMiB);

    internal static HugepageState Read(string filePrefix)
    {
        string[] meminfo = File.ReadAllLines("/proc/meminfo");
        long pageKiB = Field(meminfo, "Hugepagesize:");
        string? mount = pageKiB > 0 ? FindMount(File.ReadAllLines("/proc/mounts"), pageKiB) : null;
        return new HugepageState(pageKiB, Field(meminfo, "HugePages_Free:"), Stale(mount, filePrefix), mount);
    }

    internal static long Field(string[] meminfo, string name)
    {
        string? line = meminfo.FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        string[] words = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return words.Length > 1 && long.TryParse(words[1], CultureInfo.InvariantCulture, out long value) ? value : 0;
    }

    /// <summary>Mount point of hugetlbfs with that page size; without a pagesize option it has the default size.</summary>
    internal static string? FindMount(string[] mounts, long pageKiB)
    {
        string size = pageKiB % 1048576 == 0 ? $"pagesize={pageKiB / 1048576}G" : $"pagesize={pageKiB / 1024}M";
        return mounts
            .Select(line => line.Split(' '))
            .Where(field => field.Length > 3 && field[2] == "hugetlbfs")
            .Where(field => !field[3].Contains("pagesize=", StringComparison.Ordinal) || field[3].Split(',').Contains(size))
            .Select(field => field[1])
            .FirstOrDefault();
    }

    private static long Stale(string? mount, string filePrefix)
    {
        try
        {
            return mount is null ? 0 : Directory.EnumerateFiles(mount, filePrefix + "map_*").LongCount();
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException)
        {
            return 0; // a mount we may not read is one the EAL will complain about by name
        }
    }
}
