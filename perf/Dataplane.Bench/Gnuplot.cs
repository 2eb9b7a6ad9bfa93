using System.ComponentModel;
using System.Diagnostics;
using System.IO;

namespace Dataplane.Bench;

/// <summary>Has gnuplot draw.</summary>
internal static class Gnuplot
{
    /// <summary>Colours that are told apart in grey and by people who do not see red and green: the Okabe-Ito palette.</summary>
    public static readonly string[] Colours = ["#D55E00", "#0072B2", "#56B4E9", "#009E73", "#CC79A7", "#999999"];

    private const int TimeoutMs = 60_000;

    /// <summary>Runs a script in a folder, where it leaves its files. Null, or why it did not.</summary>
    public static string? Plot(string folder, string script)
    {
        try
        {
            using Process? gnuplot = Process.Start(new ProcessStartInfo("gnuplot")
            {
                WorkingDirectory = folder,
                RedirectStandardInput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            });
            if (gnuplot is null)
            {
                return "gnuplot did not start";
            }

            gnuplot.StandardInput.Write(script);
            gnuplot.StandardInput.Close();
            string said = gnuplot.StandardError.ReadToEnd();
            if (!gnuplot.WaitForExit(TimeoutMs))
            {
                gnuplot.Kill();
                return "gnuplot does not end";
            }

            return gnuplot.ExitCode == 0 ? null : $"gnuplot: {said.ReplaceLineEndings(" ").Trim()}";
        }
        catch (Win32Exception)
        {
            return "gnuplot is not installed (Debian: gnuplot-nox)";
        }
        catch (IOException error)
        {
            return $"gnuplot: {error.Message}"; // it ended while it was told
        }
    }
}
