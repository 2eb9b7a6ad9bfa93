using System.Runtime.Versioning;

// Dataplane.Os is Linux.
[assembly: SupportedOSPlatform("linux")]
