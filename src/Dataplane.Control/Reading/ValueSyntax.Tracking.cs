using System;
using System.Globalization;
using Dataplane.Control.Configuration;
using Dataplane.Nat;

namespace Dataplane.Control.Reading;

/// <content>Marks, labels and states of connections.</content>
internal static partial class ValueSyntax
{
    private const int LabelDigits = ConnectionLabel.Bits / 4;

    /// <summary><c>VALUE</c>, all bits of a mark, or <c>VALUE/MASK</c>; decimal or with 0x.</summary>
    internal static bool TryMark(string text, out MarkBits mark, out string error, out string? remedy)
    {
        mark = default;
        error = "a mark is a number of 32 bits, and perhaps a mask";
        remedy = "such as 7, 0x100 or 0x10/0xff";
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        uint mask = uint.MaxValue;
        if (!TryNumber(slash < 0 ? text : text[..slash], out uint value) || (slash >= 0 && !TryNumber(text[(slash + 1)..], out mask)))
        {
            return false;
        }

        mark = new MarkBits(value, mask);
        error = mask == 0 ? "a mask of 0 means no bit" : "has bits set outside its mask";
        remedy = mask == 0 ? null : $"write {mark with { Value = value & mask }}";
        return mask != 0 && (value & ~mask) == 0;
    }

    /// <summary>One bit from 0 to 127, or all 128 as 32 hexadecimal digits, the highest first.</summary>
    internal static bool TryLabel(string text, out ConnectionLabel label, out string error, out string? remedy)
    {
        label = default;
        error = "a label is a bit from 0 to 127, or 32 hexadecimal digits";
        remedy = null;
        if (text.Length != LabelDigits)
        {
            bool good = byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out byte bit) && bit < ConnectionLabel.Bits;
            label = good ? ConnectionLabel.Bit(bit) : default;
            return good;
        }

        if (!ulong.TryParse(text.AsSpan(0, LabelDigits / 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong high)
            || !ulong.TryParse(text.AsSpan(LabelDigits / 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong low))
        {
            return false;
        }

        label = new ConnectionLabel(low, high);
        error = "a label without a bit means nothing";
        return !label.IsEmpty;
    }

    /// <summary>Names of packet states, separated by <c>|</c> or commas; bit n for state n.</summary>
    internal static bool TryStates(string text, out byte states, out string error, out string? remedy)
    {
        states = 0;
        error = "not a state of a packet";
        remedy = "use new, established, related, invalid or untracked, several separated by |";
        foreach (string part in text.Split('|', ','))
        {
            string word = part.Trim();
            PacketState state = Array.Find(Enum.GetValues<PacketState>(), known =>
                string.Equals(known.ToString(), word, StringComparison.OrdinalIgnoreCase));
            if (!string.Equals(state.ToString(), word, StringComparison.OrdinalIgnoreCase))
            {
                remedy = Spelling.DidYouMean(word, Enum.GetNames<PacketState>()) ?? remedy;
                return false;
            }

            states |= (byte)(1 << (int)state);
        }

        return true;
    }

    private static bool TryNumber(string text, out uint number)
    {
        string trimmed = text.Trim();
        return trimmed.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? uint.TryParse(trimmed.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number)
            : uint.TryParse(trimmed, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
