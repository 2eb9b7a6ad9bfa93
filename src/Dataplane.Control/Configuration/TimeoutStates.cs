using System;
using System.Collections.Immutable;
using System.Linq;
using System.Text;
using Dataplane.Conntrack;

namespace Dataplane.Control.Configuration;

/// <summary>The states that have a timeout, by their names.</summary>
public static class TimeoutStates
{
    /// <summary>In the order of their numbers.</summary>
    public static ImmutableArray<ConnectionState> All { get; } =
        [.. Enum.GetValues<ConnectionState>().Where(state => state != ConnectionState.None)];

    private static readonly byte[][] s_names = [.. All.Select(state => Encoding.ASCII.GetBytes(state.ToString()))];

    /// <summary>The name of the state at a place in <see cref="All"/>, plain ASCII; allocates nothing.</summary>
    public static ReadOnlySpan<byte> Name(int index) => s_names[index];

    /// <summary>The state of a name, whatever the case of its letters; allocates nothing.</summary>
    public static bool TryFind(ReadOnlySpan<byte> name, out ConnectionState state)
    {
        for (int index = 0; index < s_names.Length; index++)
        {
            if (Ascii.EqualsIgnoreCase(name, s_names[index]))
            {
                state = All[index];
                return true;
            }
        }

        state = ConnectionState.None;
        return false;
    }
}
