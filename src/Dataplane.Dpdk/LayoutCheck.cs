using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using Dataplane.Packet;

namespace Dataplane.Dpdk;

/// <summary>A field of an unmanaged struct: its name there and here, offset and size in bytes.</summary>
internal readonly record struct LayoutField(string Name, uint Offset, uint Size);

/// <summary>Compares <see cref="Mbuf"/> and <see cref="MbufFlags"/> with what the shim was compiled with.</summary>
public static unsafe class LayoutCheck
{
    /// <summary>Returns when the two agree; called before the EAL starts, costs a few reflection calls.</summary>
    /// <exception cref="DpdkException">They differ: names the field, its offset and size here and there.</exception>
    public static void Verify()
    {
        string? difference = Difference(ManagedFields(), ManagedValues(), NativeFields(), NativeValues());
        if (difference is not null)
        {
            throw new DpdkException($"mbuf layout: {difference}",
                $"rebuild the shim and this program against the same DPDK (this one is {Eal.Version})");
        }
    }

    /// <summary>The first difference as a sentence, null when there is none. Both sides must list the same names.</summary>
    internal static string? Difference(
        IReadOnlyList<LayoutField> managedFields, IReadOnlyDictionary<string, ulong> managedValues,
        IReadOnlyList<LayoutField> nativeFields, IReadOnlyDictionary<string, ulong> nativeValues)
    {
        foreach (LayoutField field in nativeFields)
        {
            LayoutField? mine = managedFields.Select(f => (LayoutField?)f).FirstOrDefault(f => f!.Value.Name == field.Name);
            if (mine is null)
            {
                return $"{field.Name} is missing here";
            }

            if (mine.Value.Offset != field.Offset || mine.Value.Size != field.Size)
            {
                return $"{field.Name} is at offset {mine.Value.Offset} with {mine.Value.Size} bytes here, "
                    + $"at offset {field.Offset} with {field.Size} bytes in DPDK";
            }
        }

        foreach (LayoutField field in managedFields)
        {
            if (!nativeFields.Any(f => f.Name == field.Name))
            {
                return $"{field.Name} is unknown to the shim";
            }
        }

        foreach ((string name, ulong value) in nativeValues)
        {
            if (!managedValues.TryGetValue(name, out ulong mine) || mine != value)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{name} is {mine:#,0} here, {value:#,0} in DPDK");
            }
        }

        return null;
    }

    internal static IReadOnlyList<LayoutField> ManagedFields() =>
    [
        .. typeof(Mbuf).GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Select(field => new LayoutField(field.Name, OffsetOf(field), SizeOf(field.FieldType))),
    ];

    internal static IReadOnlyDictionary<string, ulong> ManagedValues()
    {
        Dictionary<string, ulong> values = new()
        {
            [nameof(Mbuf.SizeBytes)] = (ulong)sizeof(Mbuf),
            [nameof(Mbuf.HeadroomBytes)] = Mbuf.HeadroomBytes,
        };
        foreach (MbufFlags flag in Enum.GetValues<MbufFlags>())
        {
            values[flag.ToString()] = (ulong)flag;
        }

        return values;
    }

    internal static IReadOnlyList<LayoutField> NativeFields()
    {
        uint count;
        NativeLayoutField* fields = Native.dp_layout_fields(&count);
        LayoutField[] copy = new LayoutField[count];
        for (uint index = 0; index < count; index++)
        {
            copy[index] = new LayoutField(Text(fields[index].Name), fields[index].Offset, fields[index].Size);
        }

        return copy;
    }

    internal static IReadOnlyDictionary<string, ulong> NativeValues()
    {
        uint count;
        NativeLayoutValue* values = Native.dp_layout_values(&count);
        Dictionary<string, ulong> copy = [];
        for (uint index = 0; index < count; index++)
        {
            copy[Text(values[index].Name)] = values[index].Value;
        }

        return copy;
    }

    private static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? string.Empty;

    private static uint OffsetOf(FieldInfo field) => (uint)field.GetCustomAttribute<FieldOffsetAttribute>()!.Value;

    private static uint SizeOf(Type type)
    {
        Type plain = type.IsEnum ? Enum.GetUnderlyingType(type) : type;
        if (plain.IsPointer)
        {
            return (uint)sizeof(void*);
        }

        return Type.GetTypeCode(plain) switch
        {
            TypeCode.UInt16 => sizeof(ushort),
            TypeCode.UInt32 => sizeof(uint),
            TypeCode.UInt64 => sizeof(ulong),
            _ => throw new InvalidOperationException($"{plain} is not expected in {nameof(Mbuf)}"),
        };
    }
}
