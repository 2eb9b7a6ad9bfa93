using System.Runtime.CompilerServices;

// Everything that crosses into C is blittable; strings are converted by generated code.
[assembly: DisableRuntimeMarshalling]
