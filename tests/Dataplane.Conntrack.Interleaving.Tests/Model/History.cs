using System.Linq;
using System.Runtime.CompilerServices;
using System.Text;

namespace Dataplane.Conntrack.Interleaving.Tests;

/// <summary>What a run looked like from outside: answers, which operations were over when another began, and what was left.</summary>
/// <remarks>A value, so that equal histories are judged once; most of a million runs look like a few hundred.</remarks>
internal record struct History
{
    private const int AnswerBits = 8;
    private const int SeenBits = 4;

    private ulong _answers0;
    private ulong _answers1;
    private uint _seen0;
    private uint _seen1;

    /// <summary>Connections that are live at the end, a bit each.</summary>
    public ushort Live { get; set; }

    /// <summary>Of those, the assured ones.</summary>
    public ushort Assured { get; set; }

    /// <summary>Of the live ones, those after a FIN.</summary>
    public ushort Closing { get; set; }

    /// <summary>Of the live ones, those after a reset.</summary>
    public ushort Closed { get; set; }

    /// <summary>An operation begins when the other worker has completed so many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(int worker, int operation, int othersCompleted)
    {
        uint bits = (uint)othersCompleted << operation * SeenBits;
        if (worker == 0)
        {
            _seen0 |= bits;
        }
        else
        {
            _seen1 |= bits;
        }
    }

    /// <summary>An operation returns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void End(int worker, int operation, Answer answer)
    {
        ulong bits = (ulong)answer.Packed << operation * AnswerBits;
        if (worker == 0)
        {
            _answers0 |= bits;
        }
        else
        {
            _answers1 |= bits;
        }
    }

    /// <summary>How an operation ended.</summary>
    public readonly Answer Answer(int worker, int operation) =>
        Tests.Answer.Unpack((byte)((worker == 0 ? _answers0 : _answers1) >> operation * AnswerBits));

    /// <summary>Operations of the other worker that were over when this one began.</summary>
    public readonly int Seen(int worker, int operation) =>
        (int)((worker == 0 ? _seen0 : _seen1) >> operation * SeenBits & 15);

    /// <summary>For people: one line an operation.</summary>
    public readonly string Describe(Scenario scenario)
    {
        StringBuilder text = new();
        for (int worker = 0; worker < 2; worker++)
        {
            for (int operation = 0; operation < scenario.Workers[worker].Length; operation++)
            {
                text.Append($"  worker {worker}: {scenario.Workers[worker][operation]} -> {Answer(worker, operation)}");
                text.AppendLine($" (began after {Seen(worker, operation)} of the other's)");
            }
        }

        text.Append($"  live at the end: {Numbers(Live)}; assured: {Numbers(Assured)}");
        return text.Append($"; closing: {Numbers(Closing)}; closed: {Numbers(Closed)}").ToString();
    }

    private static string Numbers(ushort mask)
    {
        string numbers = string.Join(' ', Enumerable.Range(0, 16).Where(number => (mask >> number & 1) != 0));
        return numbers.Length == 0 ? "none" : numbers;
    }
}
