using System.Runtime.Versioning;

// The router and its tests use Unix sockets, file modes and eventfd.
[assembly: SupportedOSPlatform("linux")]
