using System;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO;
using System.Net.Sockets;
using Dataplane.App.Verbs;
using Dataplane.Control.Client;
using Dataplane.Control.Socket;
using Dataplane.Dpdk;
using Dataplane.Os;

namespace Dataplane.App;

/// <summary>The grammar of the command line, and how failures become exit codes and one line on standard error.</summary>
internal static class CommandLine
{
    /// <summary>Runs one invocation.</summary>
    /// <param name="args">Without the program's name.</param>
    /// <param name="terminal">Where to write.</param>
    /// <param name="start">Starts the router of a checked configuration and returns when it has stopped.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    internal static int Run(string[] args, Terminal terminal, RouterStart start)
    {
        RootCommand root = new(
            "A NAT router over DPDK: runs it, checks its configuration, shows what it does and changes its limits and timeouts.");
        root.Subcommands.Add(RunVerb.Create(terminal, start));
        root.Subcommands.Add(CheckVerb.Create(terminal));
        root.Subcommands.Add(ShowVerb.Create(terminal));
        root.Subcommands.Add(StatusVerb.Create(terminal));
        root.Subcommands.Add(LimitsVerb.Create(terminal));
        root.Subcommands.Add(TableVerb.Create(terminal));
        root.Subcommands.Add(TimeoutsVerb.Create(terminal));
        root.Subcommands.Add(VersionVerb.Create(terminal));
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            terminal.Fail($"{parsed.Errors[0].Message} Try '{Usage(parsed)} --help'.");
            return ExitCode.Usage;
        }

        return Guard(terminal, () => parsed.Invoke(new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            Output = terminal.Out,
            Error = terminal.Error,

            // The run verb handles signals itself; the short verbs may be ended by them.
            ProcessTerminationTimeout = null,
        }));
    }

    /// <summary>Turns the failures that users can cause or mend into an exit code; anything else is a defect and stays
    /// loud.</summary>
    private static int Guard(Terminal terminal, Func<int> invoke)
    {
        try
        {
            return invoke();
        }
        catch (ControlClientException exception)
        {
            terminal.Fail(exception.Message);
            return exception.Failure switch
            {
                ControlFailure.Unreachable => ExitCode.Unreachable,
                ControlFailure.NotPermitted => ExitCode.NotPermitted,
                ControlFailure.NotFound => ExitCode.NotFound,
                ControlFailure.Rejected => ExitCode.Rejected,
                _ => ExitCode.Failure,
            };
        }
        catch (AlreadyRunningException exception)
        {
            terminal.Fail(exception.Message);
            return ExitCode.Failure;
        }
        catch (OsException exception)
        {
            terminal.Fail(exception.Message);
            return exception.ErrorNumber is Errno.AccessDenied or Errno.NotPermitted ? ExitCode.NotPermitted : ExitCode.Failure;
        }
        catch (DpdkException exception)
        {
            terminal.Fail(exception.Remedy is null ? exception.Message : $"{exception.Message} -- {exception.Remedy}");
            return ExitCode.Failure;
        }
        catch (UnauthorizedAccessException exception)
        {
            terminal.Fail(exception.Message);
            return ExitCode.NotPermitted;
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            // A closed pipe, as in `dataplane show conntrack | head`, has nobody left to tell.
            terminal.Fail(exception.Message);
            return ExitCode.Failure;
        }
    }

    private static string Usage(ParseResult parsed)
    {
        string verbs = "";
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult { Command: not RootCommand } verb; at = at.Parent)
        {
            verbs = $" {verb.Command.Name}{verbs}";
        }

        return $"dataplane{verbs}";
    }
}
