using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Conntrack;
using Dataplane.Packet;
using Xunit.Sdk;

namespace Dataplane.Datapath.Tests.Fuzz;

/// <summary>Sequences of packets made from the corpus, one seed a run; the router lives through a run and is new for the next.</summary>
internal sealed class SequenceFuzz(int workers, GuardedBuffers buffers)
{
    /// <summary>Packets of a run: enough to fill the tables, few enough to replay in a moment.</summary>
    public const int PacketsPerRun = 20_000;

    /// <summary>Packets that a failure shows.</summary>
    private const int Shown = 12;

    private static readonly FuzzCase[][] s_corpus = [.. Enumerable.Range(0, FuzzCorpus.Variants).Select(FuzzCorpus.Build)];

    private readonly Queue<string> _trail = [];

    /// <summary>Drop reasons met in all runs.</summary>
    public HashSet<DropReason> Reasons { get; } = [];

    /// <summary>Connection states met at the end of sequences.</summary>
    public HashSet<ConnectionState> States { get; } = [];

    /// <summary>Packets sent into the router in all runs.</summary>
    public long Sent { get; private set; }

    /// <summary>Packets that came out of it.</summary>
    public long Left { get; private set; }

    /// <summary>One run.</summary>
    /// <exception cref="XunitException">A rule was broken: the message says which, by what packets, and how to see it again.</exception>
    public void Run(int seed)
    {
        Random random = new(seed);
        FrameMutator mutator = new(random);
        using FuzzBed bed = new(workers, buffers);
        int sent = 0;
        try
        {
            while (sent < PacketsPerRun)
            {
                foreach (FuzzPacket packet in Sequence(random))
                {
                    sent++;
                    Send(bed, packet, random, mutator);
                }

                bed.CheckTables();
            }
        }
        catch (Exception failure)
        {
            throw new XunitException(
                $"{failure.Message}\nafter {sent} packets of seed {seed} with {workers} workers; again: DATAPLANE_FUZZ_SEED={seed}\n"
                + string.Join('\n', _trail), failure);
        }

        Sent += sent;
        Left += (long)bed.Transmitted;
        States.UnionWith(bed.States);
        Reasons.UnionWith(Enum.GetValues<DropReason>().Where(reason => bed.Drops(reason) > 0));
    }

    /// <summary>One to eight scripts, spliced, with packets doubled, dropped, late and repeated.</summary>
    private static List<FuzzPacket> Sequence(Random random)
    {
        List<Queue<FuzzPacket>> scripts = [.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => new Queue<FuzzPacket>(AnyCase(random).Packets))];
        List<FuzzPacket> sequence = [];
        while (scripts.Count > 0)
        {
            Queue<FuzzPacket> script = scripts[random.Next(scripts.Count)];
            sequence.Add(script.Dequeue());
            if (script.Count == 0 || random.Next(40) == 0)
            {
                scripts.Remove(script);
            }
        }

        for (int change = random.Next(5); change > 0; change--)
        {
            int at = random.Next(sequence.Count);
            int other = random.Next(sequence.Count);
            switch (random.Next(4))
            {
                case 0:
                    sequence.Insert(other, sequence[at]);
                    break;
                case 1 when sequence.Count > 1:
                    sequence.RemoveAt(at);
                    break;
                case 2:
                    (sequence[at], sequence[other]) = (sequence[other], sequence[at]);
                    break;
                default:
                    sequence.AddRange(sequence[at..]);
                    break;
            }
        }

        return sequence;
    }

    private static FuzzCase AnyCase(Random random)
    {
        FuzzCase[] cases = s_corpus[random.Next(s_corpus.Length)];
        return cases[random.Next(cases.Length)];
    }

    private void Send(FuzzBed bed, FuzzPacket packet, Random random, FrameMutator mutator)
    {
        byte[] frame = packet.Answers && bed.LastOut(packet.Port) is byte[] about ? Answer(packet.Frame, about) : packet.Frame;
        frame = random.Next(3) == 0 ? mutator.Change(frame) : frame;
        int port = random.Next(50) == 0 ? random.Next(3) : packet.Port;
        if (port != packet.Port && frame.Length >= 6)
        {
            // What only came by the wrong port would end at its MAC address.
            BitConverter.TryWriteBytes(frame = [.. frame], (uint)Network.MacOfPort(port).Raw48);
            BinaryPrimitives.WriteUInt16LittleEndian(frame.AsSpan(4), (ushort)(Network.MacOfPort(port).Raw48 >> 32));
        }

        double seconds = random.Next(60) != 0 ? packet.AfterSeconds : random.Next(10) == 0 ? random.Next(600) : random.NextDouble() * 30;
        _trail.Enqueue($"{seconds:f3} s, port {port}: {Convert.ToHexString(frame)}");
        if (_trail.Count > Shown)
        {
            _trail.Dequeue();
        }

        bed.Advance(seconds);
        bed.Send(port, frame, random.Next(workers), isShortOfBuffers: random.Next(50) == 0, isCongested: random.Next(100) == 0);
    }

    /// <summary>Addresses a scripted answer to whoever sent what left last.</summary>
    private static byte[] Answer(byte[] template, byte[] about)
    {
        byte[] answer = [.. template];
        about.AsSpan(26, 4).CopyTo(answer.AsSpan(30));
        if (!FrameLayout.TryRead(answer, out FrameLayout layout) || !FrameLayout.TryRead(about, out FrameLayout asked) || asked.End - asked.L4 < 8)
        {
            return answer;
        }

        if (layout.Protocol == IpProtocol.Icmp && IcmpType.IsError(answer[layout.L4]))
        {
            answer = [.. answer[..(layout.L4 + 8)], .. about[asked.L3..Math.Min(asked.End, asked.L3 + 500)]];
            BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(16), (ushort)(answer.Length - 14));
        }
        else if (layout.Protocol == IpProtocol.Icmp && asked.Protocol == IpProtocol.Icmp)
        {
            about.AsSpan(asked.L4 + 4, 2).CopyTo(answer.AsSpan(layout.L4 + 4));
        }
        else if (layout.Protocol == asked.Protocol && layout.Protocol is not (IpProtocol.Gre or IpProtocol.Esp))
        {
            about.AsSpan(asked.L4, 2).CopyTo(answer.AsSpan(layout.L4 + 2));
        }

        FrameSums.Mend(answer);
        return answer;
    }
}
