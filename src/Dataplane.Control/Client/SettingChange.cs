namespace Dataplane.Control.Client;

/// <summary>A setting that the router has changed.</summary>
/// <param name="Before">The value until now; null where there was no limit.</param>
/// <param name="After">The value from now on, which may be what it was; null where there is no limit.</param>
/// <param name="Json">The router's reply, one line.</param>
public sealed record SettingChange(long? Before, long? After, string Json);
