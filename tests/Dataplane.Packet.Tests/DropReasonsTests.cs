using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;

namespace Dataplane.Packet.Tests;

/// <summary>The closed set of reasons and its texts.</summary>
public sealed partial class DropReasonsTests
{
    public static TheoryData<DropReason> Reasons => [.. Enum.GetValues<DropReason>()];

    [Fact]
    public void Every_reason_has_a_row_and_every_row_a_reason()
    {
        Assert.Equal(Enum.GetValues<DropReason>().Length, DropReasons.Count);
        Assert.Equal(Enumerable.Range(0, DropReasons.Count), Enum.GetValues<DropReason>().Select(reason => (int)reason));
    }

    [Theory]
    [MemberData(nameof(Reasons))]
    public void A_label_is_its_member_in_snake_case(DropReason reason)
    {
        // Acronym with digit (Ipv4, L4) and EtherType are one word each, as the field writes them.
        string expected = WordStart().Replace(reason.ToString().Replace("EtherType", "Ethertype", StringComparison.Ordinal), "_$0")
            .ToLowerInvariant();
        Assert.Equal(expected, DropReasons.Label(reason));
        Assert.Matches("^[a-z][a-z0-9_]*$", DropReasons.Label(reason));
    }

    [Theory]
    [MemberData(nameof(Reasons))]
    public void A_description_is_one_line_without_a_full_stop(DropReason reason)
    {
        string description = DropReasons.Description(reason);
        Assert.NotEmpty(description);
        Assert.DoesNotContain('\n', description);
        Assert.False(description.EndsWith('.'));
    }

    [Fact]
    public void Labels_are_unique()
    {
        IEnumerable<string> labels = Enum.GetValues<DropReason>().Select(DropReasons.Label);
        Assert.Equal(DropReasons.Count, labels.Distinct().Count());
    }

    [GeneratedRegex("(?<!^)[A-Z]")]
    private static partial Regex WordStart();
}
