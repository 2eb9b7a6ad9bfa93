namespace Dataplane.App;

/// <summary>What the process returns; the same for every verb, so that scripts can rely on it.</summary>
internal static class ExitCode
{
    internal const int Ok = 0;

    internal const int Failure = 1;

    /// <summary>The command line was not understood.</summary>
    internal const int Usage = 2;

    internal const int NotFound = 3;

    /// <summary>No router answers on the control socket.</summary>
    internal const int Unreachable = 4;

    internal const int NotPermitted = 5;

    /// <summary>The configuration, or a value for a running router, was rejected.</summary>
    internal const int Rejected = 6;
}
