using System.Runtime.Versioning;

// The router is for Linux.
[assembly: SupportedOSPlatform("linux")]
