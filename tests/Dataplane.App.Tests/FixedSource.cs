using System;
using System.Text.Json;
using Dataplane.Control.Socket;

namespace Dataplane.App.Tests;

/// <summary>A router's answers, written down.</summary>
internal sealed class FixedSource : IShowSource
{
    private static readonly string[] s_conntrack =
    [
        Connection(
            """ "id":1,"protocol":"udp","protocolNumber":17,"state":"UNREPLIED","assured":false,"seenReply":false,"timeoutSeconds":29,"zone":0,"mark":0,"label":null """,
            """ "source":"10.12.0.14","destination":"10.15.240.10","sourcePort":43145,"destinationPort":53,"packets":1,"bytes":64 """,
            """ "source":"10.15.240.10","destination":"203.0.113.7","sourcePort":53,"destinationPort":2049,"packets":0,"bytes":0 """),
        Connection(
            """ "id":2,"protocol":"tcp","protocolNumber":6,"state":"established","assured":true,"seenReply":true,"timeoutSeconds":7440,"zone":3, """
                + """ "mark":16,"label":"00000000000000000000000000000005" """,
            """ "source":"10.0.0.2","destination":"192.0.2.1","sourcePort":1000,"destinationPort":80,"packets":5,"bytes":500 """,
            """ "source":"192.0.2.1","destination":"203.0.113.7","sourcePort":80,"destinationPort":1000,"packets":4,"bytes":4000 """),
        Connection(
            """ "id":3,"protocol":"icmp","protocolNumber":1,"state":"REPLIED","assured":false,"seenReply":true,"timeoutSeconds":60,"zone":0,"mark":0,"label":null """,
            """ "source":"10.0.0.2","destination":"192.0.2.1","sourcePort":77,"destinationPort":0,"packets":1,"bytes":84 """,
            """ "source":"192.0.2.1","destination":"203.0.113.7","sourcePort":0,"destinationPort":78,"packets":1,"bytes":84 """),
    ];

    private static readonly string[] s_workers =
    [
        """
        {"worker":0,"lcore":1,"received":1000,"made":1,"transmitted":990,"consumed":2,"dropped":9,"held":0,
         "polls":5,"emptyPolls":4,"queues":[{"port":"lan","queue":0},{"port":"wan","queue":1}]}
        """.ReplaceLineEndings(""),
    ];

    private static readonly string[] s_routes =
    [
        """{"prefix":"0.0.0.0/0","via":"198.51.100.1","port":"wan"}""",
        """{"prefix":"10.0.0.0/16","via":null,"port":"lan"}""",
    ];

    private static readonly string[] s_limits =
    [
        """{"zone":null,"id":0,"max":1000000,"count":612331,"refused":4,"capacity":2000000}""",
        """{"zone":"cust","id":1,"max":50000,"count":50000,"refused":17}""",
        """{"zone":"open","id":2,"max":null,"count":0,"refused":0}""",
    ];

    private static readonly string[] s_table =
    [
        """
        {"buckets":262144,"places":2097152,"entries":612331,"load":0.58,"capacity":2000000,"previousBuckets":0,"movedBuckets":0,
         "leftover":0,"resizes":1}
        """.ReplaceLineEndings(""),
    ];

    private static readonly string[] s_timeouts =
    [
        """{"policy":null,"state":"UdpStream","seconds":300}""",
        """{"policy":"dns","state":"UdpStream","seconds":10}""",
    ];

    public ShowStep Next(ShowTopic topic, ref ShowCursor cursor, Utf8JsonWriter writer)
    {
        string[] rows = topic switch
        {
            ShowTopic.Conntrack => s_conntrack,
            ShowTopic.Workers => s_workers,
            ShowTopic.Drops => ["""{"reason":"no_route","packets":9,"description":"no route to the destination"}"""],
            ShowTopic.Routes => s_routes,
            ShowTopic.Limits => s_limits,
            ShowTopic.Table => s_table,
            ShowTopic.Timeouts => s_timeouts,
            ShowTopic.Status => ["""{"version":"0.1.0","entries":3}"""],
            _ => [],
        };
        if (cursor.Position == rows.Length)
        {
            return ShowStep.End;
        }

        writer.WriteRawValue(rows[cursor.Position++].Trim());
        return ShowStep.Row;
    }

    public void EndBatch()
    {
    }

    private static string Connection(string fields, string original, string reply) =>
        "{" + fields.Trim() + ",\"original\":{" + original.Trim() + "},\"reply\":{" + reply.Trim() + "}}";
}
