using System;
using System.IO;
using System.Security.Cryptography;

namespace Dataplane.Lab;

/// <summary>The folder that the lab's web servers serve and take uploads into.</summary>
public sealed class WebFiles
{
    private const int ChunkBytes = 1 << 20;

    internal WebFiles(string folder) => Folder = Directory.CreateDirectory(folder).FullName;

    public string Folder { get; }

    /// <summary>Makes a file of random bytes, so that a wrong, lost or repeated segment always changes the checksum.</summary>
    /// <returns>Its SHA-256 in lower-case hexadecimal.</returns>
    public string Make(string name, long lengthBytes)
    {
        byte[] chunk = new byte[ChunkBytes];
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using FileStream file = File.Create(Path.Combine(Folder, name));
        for (long left = lengthBytes; left > 0; left -= ChunkBytes)
        {
            Span<byte> part = chunk.AsSpan(0, (int)Math.Min(left, ChunkBytes));
            Random.Shared.NextBytes(part);
            hash.AppendData(part);
            file.Write(part);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>SHA-256 of a file in lower-case hexadecimal; empty when there is no such file.</summary>
    public static string Checksum(string path)
    {
        if (!File.Exists(path))
        {
            return string.Empty;
        }

        using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
