using Dataplane.Oracle.Tests.Kernel;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Oracle.Tests;

/// <summary>Conversations written by hand: both routers do what is expected of them at every segment.</summary>
[Collection(OracleCollection.Name)]
public sealed class TcpScriptTests(OracleFixture oracle)
{
    public static TheoryData<string> Names => new(TcpScripts.All.Keys);

    public static TheoryData<string> UntranslatedNames => new(TcpScripts.Untranslated.Keys);

    public static TheoryData<string> TranslatedNames => new(TcpScripts.Translated.Keys);

    [OracleTheory]
    [MemberData(nameof(Names))]
    public void Both_routers_agree_and_do_what_is_expected(string name) => Play(TcpScripts.All[name], isIpv6: false);

    [OracleTheory]
    [MemberData(nameof(TranslatedNames))]
    public void Both_routers_hide_the_same(string name) => Play(TcpScripts.Translated[name], isIpv6: false);

    [OracleTheory]
    [MemberData(nameof(Names))]
    public void They_do_so_without_translation_over_ipv6(string name) => Play(TcpScripts.All[name], isIpv6: true);

    [OracleTheory]
    [MemberData(nameof(UntranslatedNames))]
    public void Without_translation_the_server_may_open(string name) => Play(TcpScripts.Untranslated[name], isIpv6: true);

    private void Play(string[] script, bool isIpv6)
    {
        using OneCpu stay = OneCpu.Stay();
        Duel duel = oracle.Begin(IpProtocol.Tcp, isIpv6);
        foreach (string line in script)
        {
            (Segment segment, string expected) = TcpScript.Parse(line);
            Assert.True(duel.Send(segment.Of(duel.Flow)), $"{duel.Parting?.Name}: {duel.Transcript()}");
            Outcome ours = duel.Steps[^1].Ours;
            Assert.True(expected == (ours.IsForwarded ? ours.After.State : "drop"), $"not as expected at {line}: {duel.Transcript()}");
        }
    }
}
