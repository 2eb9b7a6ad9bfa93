using System;

namespace Dataplane.Lab;

/// <summary>The lab itself could not do what was asked: a tool is missing, a namespace could not be made, the router
/// did not start. The message says what and carries the output of the command that failed.</summary>
public sealed class LabException : Exception
{
    public LabException()
    {
    }

    public LabException(string message)
        : base(message)
    {
    }

    public LabException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
