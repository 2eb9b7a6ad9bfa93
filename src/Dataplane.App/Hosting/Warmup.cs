using System;
using System.Collections.Generic;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dataplane.Conntrack;
using Dataplane.Datapath;
using Dataplane.Datapath.Stages;
using Dataplane.Dpdk;
using Dataplane.Nat;
using Dataplane.Packet;

namespace Dataplane.App.Hosting;

/// <summary>Compiles the whole packet path before the ports open, so that no first packet waits for the compiler.</summary>
/// <remarks>
/// The path is all of four assemblies, so all their methods are compiled, with the generic ones closed as a worker
/// closes them. Tiered compilation is off:
/// what is compiled here is final.
/// </remarks>
internal static class Warmup
{
    private const BindingFlags All = BindingFlags.Static | BindingFlags.Instance
        | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>A type of each assembly whose code packets pass through.</summary>
    private static readonly Type[] s_packetPath = [typeof(Mbuf), typeof(StateWord), typeof(Rewrite), typeof(Plan)];

    private static readonly (Type Family, Type Tuple)[] s_families =
        [(typeof(Ipv4Family), typeof(Ipv4Tuple)), (typeof(Ipv6Family), typeof(Ipv6Tuple))];

    private static readonly Type[] s_policies = [typeof(VerifyL4Checksums), typeof(TrustL4Checksums)];

    /// <summary>Compiles; returns the number of methods.</summary>
    public static int Run()
    {
        int count = 0;
        foreach (Type inAssembly in s_packetPath)
        {
            foreach (Type type in inAssembly.Assembly.GetTypes())
            {
                count += Prepare(type);
            }
        }

        count += PrepareMethods(typeof(DpdkEnvironment), []);
        foreach (MethodInfo import in typeof(Burst).GetMethods(All))
        {
            // Binds the native symbol and builds the transition.
            Marshal.Prelink(import);
            count++;
        }

        return count;
    }

    private static int Prepare(Type type)
    {
        if (type.IsInterface || type.IsEnum)
        {
            return 0;
        }

        if (!type.IsGenericTypeDefinition)
        {
            RuntimeHelpers.RunClassConstructor(type.TypeHandle);
            return PrepareMethods(type, []);
        }

        int count = 0;
        foreach (Type[] arguments in Arguments(type.GetGenericArguments()))
        {
            Type closed = type.MakeGenericType(arguments);
            RuntimeHelpers.RunClassConstructor(closed.TypeHandle);
            count += PrepareMethods(closed, arguments);
        }

        return count;
    }

    private static int PrepareMethods(Type type, Type[] typeArguments)
    {
        int count = 0;
        foreach (MethodBase method in (MethodBase[])[.. type.GetMethods(All), .. type.GetConstructors(All)])
        {
            if (method.IsAbstract || method.IsStatic && method is ConstructorInfo)
            {
                continue;
            }

            if (method is MethodInfo { IsGenericMethodDefinition: true } generic)
            {
                foreach (Type[] arguments in Arguments(generic.GetGenericArguments()))
                {
                    if (TryClose(generic, arguments) is { } closed)
                    {
                        RuntimeHelpers.PrepareMethod(closed.MethodHandle, Handles([.. typeArguments, .. arguments]));
                        count++;
                    }
                }

                continue;
            }

            RuntimeHelpers.PrepareMethod(method.MethodHandle, Handles(typeArguments));
            count++;
        }

        return count;
    }

    private static MethodInfo? TryClose(MethodInfo generic, Type[] arguments)
    {
        try
        {
            return generic.MakeGenericMethod(arguments);
        }
        catch (ArgumentException)
        {
            // One family's packets with the other's table: no worker calls that.
            return null;
        }
    }

    /// <summary>Every choice of arguments that a worker's code makes: both families, with and without checksums.</summary>
    private static IEnumerable<Type[]> Arguments(Type[] parameters)
    {
        foreach ((Type family, Type tuple) in s_families)
        {
            foreach (Type policy in s_policies)
            {
                Type[] arguments = Array.ConvertAll(parameters, parameter =>
                    TakesEnvironment(parameter) ? typeof(DpdkEnvironment)
                    : IsConstrainedTo(parameter, typeof(IChecksumPolicy)) ? policy
                    : TakesFamily(parameter) ? family
                    : TakesBurst(parameter) ? typeof(TrackedPackets<,>).MakeGenericType(family, tuple)
                    : tuple);
                if (Fits(parameters, arguments))
                {
                    yield return arguments;
                }
            }
        }
    }

    /// <summary>A generic helper of start-up may have constraints that none of these meet: it is not on the packet path.</summary>
    private static bool Fits(Type[] parameters, Type[] arguments)
    {
        for (int index = 0; index < parameters.Length; index++)
        {
            foreach (Type constraint in parameters[index].GetGenericParameterConstraints())
            {
                if (!constraint.ContainsGenericParameters && !constraint.IsAssignableFrom(arguments[index]))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool TakesFamily(Type parameter) => TakesGeneric(parameter, typeof(IFamily<>));

    private static bool TakesBurst(Type parameter) => TakesGeneric(parameter, typeof(ILookupBurst<>));

    private static bool TakesGeneric(Type parameter, Type constraint) => Array.Exists(
        parameter.GetGenericParameterConstraints(),
        type => type.IsGenericType && type.GetGenericTypeDefinition() == constraint);

    private static bool TakesEnvironment(Type parameter) => IsConstrainedTo(parameter, typeof(IEnvironment));

    private static bool IsConstrainedTo(Type parameter, Type constraint) =>
        Array.Exists(parameter.GetGenericParameterConstraints(), type => type == constraint);

    private static RuntimeTypeHandle[] Handles(Type[] types) => Array.ConvertAll(types, type => type.TypeHandle);
}
