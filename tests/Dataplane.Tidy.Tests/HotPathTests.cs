using System.Linq;
using Xunit;

namespace Dataplane.Tidy.Tests;

public sealed class HotPathTests
{
    public static TheoryData<string> Planted =>
    [
        "using System.Linq;", "async void F()", "await x;", "Task t;", "ValueTask t;", "lock (x)", "Monitor.Enter(x);",
        "Console.WriteLine();", "DateTime.UtcNow",
        "Stopwatch.GetTimestamp()", "Environment.TickCount64", "Thread.Sleep(1)", "throw new X();", "A.ThrowIfNull(x);",
        "x ?? throw", "yield return 1;", "ConcurrentQueue<int> q;",
    ];

    public static TheoryData<string> Harmless =>
    [
        "// await the lock (then throw)", "/* Task\nlock ( */", "Say(\"DateTime\");", "Say(@\"C:\\ throw\");",
        "Say(\"\"\"\nawait \"x\" \n\"\"\");",
        "blocks(1);", "Clock (x)", "throw new UnreachableException();", "char c = '\"'; // \" throw", "TaskOf(x);",
    ];

    [Fact]
    public void Nothing_on_the_packet_path_allocates_by_linq_waits_locks_logs_throws_or_asks_the_time()
    {
        string[] found =
        [
            .. HotPathRules.Folders.SelectMany(folder => Tree.Files(folder, ".cs")).SelectMany(path =>
                HotPathRules.Violations(Tree.Text(path), HotPathRules.StartUp.ContainsKey(path)).Select(word => $"{path}:{word}")),
        ];
        Offenders.None(found);
    }

    [Fact]
    public void Every_file_that_may_throw_exists_and_does() =>
        Assert.All(HotPathRules.StartUp.Keys, path => Assert.NotEmpty(HotPathRules.Violations(Tree.Text(path), mayThrow: false)));

    [Theory]
    [MemberData(nameof(Planted))]
    public void A_forbidden_word_is_found(string code) =>
        Assert.NotEmpty(HotPathRules.Violations($"// first line\n{code}\n", mayThrow: false));

    [Theory]
    [MemberData(nameof(Harmless))]
    public void Prose_and_look_alikes_are_left_alone(string code) => Assert.Empty(HotPathRules.Violations(code, mayThrow: false));
}
