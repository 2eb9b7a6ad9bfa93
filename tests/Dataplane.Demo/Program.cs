using System;
using System.Runtime.InteropServices;
using Dataplane.Demo;
using Dataplane.Lab;

// Everything that a lab makes is removed when the process ends, also by Ctrl-C, a closed terminal or `kill`.
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interruption.Raise);
using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Interruption.Raise);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interruption.Raise);

try
{
    return args switch
    {
        ["demo"] => Demonstration.Run(),
        ["demo", "--kernel"] => Demonstration.RunWithKernel(),
        ["run"] => Playground.Run(RouterConfig.Example),
        ["run", string config] => Playground.Run(config),
        _ => Usage(),
    };
}
catch (LabException e)
{
    Interruption.LetExit();
    Console.Error.WriteLine("demo: " + e.Message);
    return 1;
}

static int Usage()
{
    Console.Error.WriteLine("usage: Dataplane.Demo demo [--kernel] | run [CONFIG]");
    return 2;
}
