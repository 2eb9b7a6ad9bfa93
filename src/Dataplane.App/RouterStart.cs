using Dataplane.Control.Configuration;

namespace Dataplane.App;

/// <summary>Runs a router until it is told to stop.</summary>
/// <param name="configuration">Checked.</param>
/// <param name="terminal">Takes the start-up summary.</param>
/// <returns>One of <see cref="ExitCode"/>.</returns>
internal delegate int RouterStart(RouterConfiguration configuration, Terminal terminal);
