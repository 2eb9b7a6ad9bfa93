using System.Runtime.CompilerServices;

// Every import of this assembly takes and returns blittable types; this makes the compiler hold us to it and
// leaves no marshalling stub between the caller and libc.
[assembly: DisableRuntimeMarshalling]
