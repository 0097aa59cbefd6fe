"""Serves one folder twice: as an apt repository on port 80, and over TLS as the place of release archives."""

import socketserver
import ssl
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

folder, address, port, certificate, key = sys.argv[1:]


class Handler(SimpleHTTPRequestHandler):
    # apt and others ask for many files on one connection.
    protocol_version = "HTTP/1.1"


class Server(ThreadingHTTPServer):
    def server_bind(self) -> None:
        """Without the base class's look-up of the own name: no name server answers in this namespace."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]


class TlsServer(Server):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    def finish_request(self, request, client_address) -> None:
        """In the connection's own thread, so that a client that is slow in its handshake delays no other."""
        with self.context.wrap_socket(request, server_side=True) as connection:
            super().finish_request(connection, client_address)


TlsServer.context.load_cert_chain(certificate, key)
handler = partial(Handler, directory=folder)
plain = Server((address, 80), handler)
threading.Thread(target=plain.serve_forever, daemon=True).start()
TlsServer((address, int(port)), handler).serve_forever()
