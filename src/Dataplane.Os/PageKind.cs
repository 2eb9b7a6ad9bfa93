namespace Dataplane.Os;

/// <summary>What a <see cref="MappedMemory"/> is made of.</summary>
public enum PageKind
{
    /// <summary>Base pages, 4 KiB on x86-64.</summary>
    Base,

    /// <summary>Base pages that the kernel joined to 2 MiB pages for the larger part of the mapping.</summary>
    TransparentHuge,

    /// <summary>Reserved 2 MiB pages (hugetlb): never split, never swapped.</summary>
    Huge2MiB,

    /// <summary>The page cache of a file; the contents outlive the process.</summary>
    File,
}
