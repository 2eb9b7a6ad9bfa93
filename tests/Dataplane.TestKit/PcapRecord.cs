using System;

namespace Dataplane.TestKit;

/// <summary>One packet of a capture.</summary>
/// <param name="Time">Since the epoch; microseconds are all that a classic capture keeps.</param>
/// <param name="Frame">The captured bytes.</param>
/// <param name="OriginalLengthBytes">Length on the wire, more than the frame's where the capture cut it.</param>
public sealed record PcapRecord(TimeSpan Time, ReadOnlyMemory<byte> Frame, int OriginalLengthBytes);
