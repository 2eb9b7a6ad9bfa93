namespace Dataplane.Datapath.Tests.Fuzz;

/// <summary>One packet of a script.</summary>
/// <param name="Port">Where it arrives.</param>
/// <param name="Frame">As its host sends it.</param>
/// <param name="Answers">It answers what left by that port last: destination, and its port or id, are taken from there; an ICMP error
/// quotes it.</param>
/// <param name="AfterSeconds">Time since the packet before.</param>
internal sealed record FuzzPacket(int Port, byte[] Frame, bool Answers = false, double AfterSeconds = 0.001);

/// <summary>A named script of packets that a network might carry.</summary>
internal sealed record FuzzCase(string Name, FuzzPacket[] Packets);
