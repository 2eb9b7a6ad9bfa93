#!/usr/bin/env python3
"""The web server of the lab: GET serves a file of FOLDER, PUT stores one, GET /peer answers the client's address.

usage: http_server.py ADDRESS PORT FOLDER ACCESS_LOG

One line "ADDRESS PORT METHOD PATH" is appended to ACCESS_LOG per request, with the client's address and port as they
arrive here: this is how the lab sees what translation did. The line "ready" on standard output says that it listens.
"""

import os
import shutil
import socket
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOG_LOCK = threading.Lock()


class Server(ThreadingHTTPServer):
    address_family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
    daemon_threads = True
    request_queue_size = 256  # a hundred clients connect at once

    def server_bind(self):
        """Bind without looking up the address's name, which would wait for a resolver that the lab does not have."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def name(self):
        """The request's path without its query: clients number their requests there."""
        return self.path.partition("?")[0]

    def file(self):
        """The file that the request names; only plain names directly inside FOLDER exist."""
        return os.path.join(self.server.folder, os.path.basename(self.name()))

    def reply(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/peer":
            self.reply(200, self.client_address[0].encode())
            return
        try:
            content = open(self.file(), "rb")
        except OSError:
            self.reply(404, b"no such file\n")
            return
        with content:
            self.send_response(200)
            self.send_header("Content-Length", str(os.fstat(content.fileno()).st_size))
            self.end_headers()
            shutil.copyfileobj(content, self.wfile, 1 << 18)

    def do_PUT(self):
        left = int(self.headers.get("Content-Length", "0"))
        with open(self.file(), "wb") as content:
            while left > 0:
                part = self.rfile.read(min(left, 1 << 18))
                if not part:
                    break
                content.write(part)
                left -= len(part)
        self.reply(201 if left == 0 else 400, b"")

    def log_message(self, *_):
        with LOG_LOCK:
            self.server.access_log.write(f"{self.client_address[0]} {self.client_address[1]} {self.command} {self.name()}\n")
            self.server.access_log.flush()


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    address, port, folder, access_log = sys.argv[1:]
    with open(access_log, "a", encoding="ascii") as log, Server((address, int(port)), Handler) as server:
        server.folder = folder
        server.access_log = log
        print("ready", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
