using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using Dataplane.Lab;
using Microsoft.Win32.SafeHandles;

namespace Dataplane.Bench.Trafgen;

/// <summary>The kernel's counters of connection tracking in one network namespace.</summary>
/// <remarks>/proc/net/stat/nf_conntrack: a line of names, then one line of hexadecimal numbers for each processor. "entries" is
/// the whole table's on every line.</remarks>
internal sealed class ConntrackStatistics : IDisposable
{
    private const int TextBytesMax = 256 << 10; // about 150 bytes for each of 1,024 processors
    private const string Entries = "entries";

    private readonly SafeFileHandle _file;
    private readonly byte[] _text = new byte[TextBytesMax];

    /// <exception cref="LabException">The kernel has no such counters.</exception>
    public ConntrackStatistics(NetworkNamespace router)
    {
        try
        {
            // What is opened keeps its namespace; "thread-self", because /proc/net itself is the main thread's.
            _file = NamespaceThread.In(router.Name, () => File.OpenHandle("/proc/thread-self/net/stat/nf_conntrack"));
        }
        catch (IOException e)
        {
            throw new LabException($"the kernel shows no counters of connection tracking: {e.Message}", e);
        }
    }

    /// <summary>The counters since the namespace was made, by their names; sums over the processors.</summary>
    /// <exception cref="LabException">They do not look as they should.</exception>
    public IReadOnlyDictionary<string, long> Read()
    {
        int length = 0;
        for (int read = -1; read != 0 && length < _text.Length; length += read)
        {
            read = RandomAccess.Read(_file, _text.AsSpan(length), length);
        }

        return Parse(Encoding.ASCII.GetString(_text, 0, length));
    }

    /// <summary>Reads the file's text.</summary>
    /// <exception cref="LabException">It is not a table of hexadecimal numbers below names.</exception>
    public static IReadOnlyDictionary<string, long> Parse(string text)
    {
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] names = lines.Length < 2 ? throw Bad(text) : Words(lines[0]);
        Dictionary<string, long> sums = [];
        foreach (string line in lines.AsSpan(1))
        {
            string[] values = Words(line);
            if (values.Length != names.Length)
            {
                throw Bad(text);
            }

            for (int column = 0; column < names.Length; column++)
            {
                if (!long.TryParse(values[column], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long value))
                {
                    throw Bad(text);
                }

                sums[names[column]] = names[column] == Entries ? value : sums.GetValueOrDefault(names[column]) + value;
            }
        }

        return sums;
    }

    public void Dispose() => _file.Dispose();

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static LabException Bad(string text) => new($"not counters of connection tracking:\n{text}");
}
