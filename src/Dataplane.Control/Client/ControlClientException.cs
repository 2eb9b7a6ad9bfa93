using System;

namespace Dataplane.Control.Client;

/// <summary>Why a request to the router failed.</summary>
public enum ControlFailure
{
    /// <summary>Nobody listens on the socket, or it does not exist.</summary>
    Unreachable,

    /// <summary>The socket is not open to this user.</summary>
    NotPermitted,

    /// <summary>The router knows no such thing.</summary>
    NotFound,

    /// <summary>The value that was to be set cannot be had, now or later; the message says what could.</summary>
    Rejected,

    /// <summary>The router refused for another reason, or broke the reply off.</summary>
    Refused,
}

/// <summary>A request failed; the message is one line for the user.</summary>
public sealed class ControlClientException : Exception
{
    public ControlClientException(ControlFailure failure, string message, Exception? cause = null)
        : base(message, cause) => Failure = failure;

    public ControlFailure Failure { get; }
}
