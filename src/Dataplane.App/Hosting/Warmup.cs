using System;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dataplane.Conntrack;
using Dataplane.Datapath;
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

        Type[] parameters = type.GetGenericArguments();
        if (parameters.Length != 1)
        {
            return 0;
        }

        Type argument = TakesEnvironment(parameters[0]) ? typeof(DpdkEnvironment) : typeof(Ipv4Tuple);
        Type closed = type.MakeGenericType(argument);
        RuntimeHelpers.RunClassConstructor(closed.TypeHandle);
        return PrepareMethods(closed, [argument]);
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
                foreach (Type policy in new[] { typeof(VerifyL4Checksums), typeof(TrustL4Checksums) })
                {
                    count += PrepareGeneric(generic, policy, typeArguments);
                }

                continue;
            }

            RuntimeHelpers.PrepareMethod(method.MethodHandle, Handles(typeArguments));
            count++;
        }

        return count;
    }

    private static int PrepareGeneric(MethodInfo method, Type policy, Type[] typeArguments)
    {
        Type[] parameters = method.GetGenericArguments();
        Type[] arguments = Array.ConvertAll(
            parameters,
            parameter => TakesEnvironment(parameter) ? typeof(DpdkEnvironment) : TakesPolicy(parameter) ? policy : typeof(Ipv4Tuple));
        try
        {
            RuntimeHelpers.PrepareMethod(method.MakeGenericMethod(arguments).MethodHandle, Handles([.. typeArguments, .. arguments]));
            return 1;
        }
        catch (ArgumentException)
        {
            // A generic helper of start-up whose constraints none of these meet: not on the packet path.
            return 0;
        }
    }

    private static bool TakesEnvironment(Type parameter) => IsConstrainedTo(parameter, typeof(IEnvironment));

    private static bool TakesPolicy(Type parameter) => IsConstrainedTo(parameter, typeof(IChecksumPolicy));

    private static bool IsConstrainedTo(Type parameter, Type constraint) =>
        Array.Exists(parameter.GetGenericParameterConstraints(), type => type == constraint);

    private static RuntimeTypeHandle[] Handles(Type[] types) => Array.ConvertAll(types, type => type.TypeHandle);
}
