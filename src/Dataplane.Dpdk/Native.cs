using System.Runtime.InteropServices;
using Dataplane.Packet;

namespace Dataplane.Dpdk;

/// <summary>Imports that are not on a packet's path, one for each function of native/dp_shim.h.</summary>
/// <remarks>0 or a negative errno unless said otherwise; ownership and bounds are documented in the header.</remarks>
internal static unsafe partial class Native
{
    private const string Library = NativeLoader.Library;

    [LibraryImport(Library)]
    internal static partial int dp_eal_init(int argc, byte** argv);

    [LibraryImport(Library)]
    internal static partial int dp_eal_cleanup();

    [LibraryImport(Library)]
    internal static partial byte* dp_eal_version();

    [LibraryImport(Library)]
    internal static partial int dp_cpu_check(uint cpu);

    [LibraryImport(Library)]
    internal static partial int dp_cpu_current();

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int dp_lock_take(string path, int* holder);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int dp_lock_holder(string path);

    [LibraryImport(Library)]
    internal static partial int dp_lcore_launch(uint lcore, delegate* unmanaged[Cdecl]<void*, int> entry, void* argument);

    [LibraryImport(Library)]
    internal static partial int dp_lcore_wait(uint lcore, int* result);

    [LibraryImport(Library)]
    internal static partial int dp_lcore_busy(uint lcore);

    [LibraryImport(Library)]
    internal static partial uint dp_lcore_current();

    [LibraryImport(Library)]
    internal static partial int dp_lcore_node(uint lcore);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int dp_device_add(string devargs);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int dp_device_remove(string bus, string name);

    [LibraryImport(Library)]
    internal static partial uint dp_log_read(byte* text, uint size);

    [LibraryImport(Library)]
    internal static partial ulong dp_log_position();

    [LibraryImport(Library)]
    internal static partial void dp_log_mirror(int fd);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void* dp_mempool_create(string name, uint count, uint cache, uint dataRoom, int node, int* error);

    [LibraryImport(Library)]
    internal static partial void dp_mempool_free(void* pool);

    [LibraryImport(Library)]
    internal static partial uint dp_mempool_available(void* pool);

    [LibraryImport(Library)]
    internal static partial uint dp_mempool_in_use(void* pool);

    [LibraryImport(Library)]
    internal static partial uint dp_mempool_chunks(void* pool);

    [LibraryImport(Library)]
    internal static partial uint dp_mempool_object_bytes(void* pool);

    [LibraryImport(Library)]
    internal static partial uint dp_port_count();

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int dp_port_find(string name);

    [LibraryImport(Library)]
    internal static partial int dp_port_info(ushort port, NativePortInfo* info);

    [LibraryImport(Library)]
    internal static partial int dp_port_configure(ushort port, NativePortConfig* config, ulong* rssTypes, ulong* rxOffloads);

    [LibraryImport(Library)]
    internal static partial int dp_port_adjust_descriptors(ushort port, ushort* rx, ushort* tx);

    [LibraryImport(Library)]
    internal static partial int dp_port_setup_rx(ushort port, ushort queue, ushort descriptors, void* pool);

    [LibraryImport(Library)]
    internal static partial int dp_port_setup_tx(ushort port, ushort queue, ushort descriptors);

    [LibraryImport(Library)]
    internal static partial int dp_port_start(ushort port);

    [LibraryImport(Library)]
    internal static partial int dp_port_stop(ushort port);

    [LibraryImport(Library)]
    internal static partial int dp_port_close(ushort port);

    [LibraryImport(Library)]
    internal static partial int dp_port_reset(ushort port);

    [LibraryImport(Library)]
    internal static partial int dp_port_mac(ushort port, MacAddress* mac);

    [LibraryImport(Library)]
    internal static partial int dp_port_mtu(ushort port, ushort* mtu);

    [LibraryImport(Library)]
    internal static partial int dp_port_set_mtu(ushort port, ushort mtu);

    [LibraryImport(Library)]
    internal static partial int dp_port_set_promiscuous(ushort port, uint on);

    [LibraryImport(Library)]
    internal static partial int dp_port_set_multicast(ushort port, uint on);

    [LibraryImport(Library)]
    internal static partial int dp_port_link(ushort port, NativePortLink* link);

    [LibraryImport(Library)]
    internal static partial int dp_port_stats(ushort port, PortStatistics* stats);

    [LibraryImport(Library)]
    internal static partial int dp_port_reset_stats(ushort port);

    [LibraryImport(Library)]
    internal static partial int dp_port_xstats(ushort port, byte* names, ulong* values, uint capacity);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void* dp_fib_create(
        string name, uint routesMax, uint groupsMax, ulong defaultNextHop, int node, int* error);

    [LibraryImport(Library)]
    internal static partial void dp_fib_free(void* fib);

    [LibraryImport(Library)]
    internal static partial int dp_fib_add(void* fib, uint address, uint length, ulong nextHop);

    [LibraryImport(Library)]
    internal static partial int dp_fib_delete(void* fib, uint address, uint length);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void* dp_fib6_create(
        string name, uint routesMax, uint groupsMax, ulong defaultNextHop, int node, int* error);

    [LibraryImport(Library)]
    internal static partial void dp_fib6_free(void* fib);

    [LibraryImport(Library)]
    internal static partial int dp_fib6_add(void* fib, Ipv6Address* address, uint length, ulong nextHop);

    [LibraryImport(Library)]
    internal static partial NativeLayoutField* dp_layout_fields(uint* count);

    [LibraryImport(Library)]
    internal static partial NativeLayoutValue* dp_layout_values(uint* count);

    [LibraryImport(Library)]
    internal static partial int dp_memory_limit_open(ulong bytes, uint hugepages, void** region, uint* pages);

    [LibraryImport(Library)]
    internal static partial int dp_memory_limit_run(void* region, uint depth, ulong accesses, double* linesPerSecond);

    [LibraryImport(Library)]
    internal static partial void dp_memory_limit_close(void* region);
}
