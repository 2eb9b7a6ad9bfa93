using System;

namespace Dataplane.Bench.Compare;

/// <summary>A program under test failed: it ended, does not answer, or does not forward. The message is for people.</summary>
internal sealed class PeerException(string message) : Exception(message);
