using System.Linq;
using Dataplane.Control.Diagnostics;

namespace Dataplane.Control.Reading.Sections;

/// <summary>The rule for names that operators give to ports, pools and zones.</summary>
internal static class Names
{
    internal static void Check(SectionReader section, ConfigurationNode node)
    {
        if (!ValueSyntax.IsName(node.Name))
        {
            section.ReportKey(DiagnosticCode.NameInvalid, node, DiagnosticCodes.Explain(DiagnosticCode.NameInvalid));
        }
    }
}
