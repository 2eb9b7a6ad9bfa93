#!/usr/bin/env python3
"""Questions and answers over protocols that few programs speak: udp, udplite, gre and esp, over IPv4 or IPv6.

usage: messages.py serve PROTOCOL ADDRESS
       messages.py ask PROTOCOL ADDRESS COUNT

A server prints "ready", then answers each question with the address that it saw it come from and the question itself in
capitals. A client asks COUNT times, waits up to 2 s for each answer, and prints "ADDRESS", as the server saw it, per answer
that repeats its question. GRE and ESP go by raw sockets: what looks like a tunnel on the way needs no tunnel at the ends.
"""

import socket
import struct
import sys

PORT = 7777
GRE_KEY = 0x2A
ESP_SPI = 0x1001
UDPLITE_COVERAGE = 12  # the header and 4 bytes: the rest of a question may arrive damaged
TIMEOUT_SECONDS = 2

# Per protocol: the socket's type, its number, and the header that stands before the text because no kernel writes it.
PROTOCOLS = {
    "udp": (socket.SOCK_DGRAM, socket.IPPROTO_UDP, lambda number: b""),
    "udplite": (socket.SOCK_DGRAM, socket.IPPROTO_UDPLITE, lambda number: b""),
    "gre": (socket.SOCK_RAW, socket.IPPROTO_GRE, lambda number: struct.pack("!HHI", 0x2000, 0x0800, GRE_KEY)),  # RFC 2890 §2
    "esp": (socket.SOCK_RAW, socket.IPPROTO_ESP, lambda number: struct.pack("!II", ESP_SPI, number)),  # RFC 4303 §2
}


class Messages:
    """A socket of one protocol, and what stands before its texts."""

    def __init__(self, protocol, address):
        kind, number, self.header = PROTOCOLS[protocol]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.socket(family, kind, number)
        self.to = (address, PORT if kind == socket.SOCK_DGRAM else 0)
        self.has_ip_header = kind == socket.SOCK_RAW and family == socket.AF_INET
        if protocol == "udplite":
            self.socket.setsockopt(socket.IPPROTO_UDPLITE, socket.UDPLITE_SEND_CSCOV, UDPLITE_COVERAGE)
            self.socket.setsockopt(socket.IPPROTO_UDPLITE, socket.UDPLITE_RECV_CSCOV, UDPLITE_COVERAGE)

    def send(self, number, text, to):
        self.socket.sendto(self.header(number) + text.encode("ascii"), to)

    def receive(self):
        """One text and whom it came from; a raw IPv4 socket delivers the IP header too (raw(7))."""
        message, sender = self.socket.recvfrom(65535)
        start = (message[0] & 15) * 4 if self.has_ip_header else 0
        return message[start + len(self.header(0)):].decode("ascii"), sender


def serve(messages):
    messages.socket.bind(messages.to)
    print("ready", flush=True)
    number = 0
    while True:
        question, sender = messages.receive()
        number += 1
        messages.send(number, f"{sender[0]} {question.upper()}", sender)


def ask(messages, count):
    messages.socket.settimeout(TIMEOUT_SECONDS)
    if messages.to[1]:
        messages.socket.connect(messages.to)
    for number in range(1, count + 1):
        question = f"question {number}, and enough text behind what a partial checksum covers"
        messages.socket.sendto(messages.header(number) + question.encode("ascii"), messages.to)
        try:
            seen, _, answer = messages.receive()[0].partition(" ")
        except TimeoutError:
            continue
        if answer == question.upper():
            print(seen, flush=True)


def main():
    match sys.argv[1:]:
        case ["serve", protocol, address] if protocol in PROTOCOLS:
            serve(Messages(protocol, address))
        case ["ask", protocol, address, count] if protocol in PROTOCOLS and count.isdecimal():
            ask(Messages(protocol, address), int(count))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
