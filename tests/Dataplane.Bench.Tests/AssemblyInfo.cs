using System.Runtime.Versioning;

// What is measured runs on Linux.
[assembly: SupportedOSPlatform("linux")]
