namespace Dataplane.Conntrack.Interleaving.Tests;

/// <summary>Operations by name, so that a scenario reads as what the workers do.</summary>
internal static class Steps
{
    public static Operation Begin => new(OperationKind.Begin, 0);

    public static Operation Move => new(OperationKind.Move, 0);

    public static Operation Poll => new(OperationKind.Poll, 0);

    public static Operation Sleep => new(OperationKind.Sleep, 0);

    public static Operation Wake => new(OperationKind.Wake, 0);

    public static Operation Again => new(OperationKind.Again, 0);

    public static Operation Find(byte tuple) => new(OperationKind.Find, tuple);

    public static Operation FindInBurst(byte tuple) => new(OperationKind.FindInBurst, tuple);

    public static Operation Insert(byte connection) => new(OperationKind.Insert, connection);

    public static Operation Remove(byte tuple) => new(OperationKind.Remove, tuple);

    public static Operation Evict(byte connection) => new(OperationKind.Evict, connection);

    public static Operation Expire(byte connection) => new(OperationKind.Expire, connection);

    public static Operation Refresh(byte tuple) => new(OperationKind.Refresh, tuple);

    public static Operation Fin(byte original) => new(OperationKind.Fin, original);

    public static Operation Reset(byte reply) => new(OperationKind.Reset, reply);

    public static Operation Reopen(byte original) => new(OperationKind.Reopen, original);

    public static Operation Label(byte tuple) => new(OperationKind.Label, tuple);

    public static Operation DumpLabel(byte connection) => new(OperationKind.DumpLabel, connection);

    public static Operation Dump(byte connection) => new(OperationKind.Dump, connection);

    /// <param name="tuple">Whose lookups fall into the trap that is left in the freed array.</param>
    public static Operation Free(byte tuple) => new(OperationKind.Free, tuple);
}
