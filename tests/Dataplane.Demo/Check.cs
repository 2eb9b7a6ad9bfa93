namespace Dataplane.Demo;

/// <summary>One row of the table that the demonstration prints.</summary>
/// <param name="Name">What was tried.</param>
/// <param name="Expected">What a working router shows.</param>
/// <param name="Seen">What was seen.</param>
/// <param name="Holds">They agree.</param>
internal sealed record Check(string Name, string Expected, string Seen, bool Holds);
