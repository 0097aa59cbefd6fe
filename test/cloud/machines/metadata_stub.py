"""A metadata service that gives every instance the same user data, for tests of machines alone."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

address, user_data_file = sys.argv[1:]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        self._answer("token", {"X-aws-ec2-metadata-token-ttl-seconds": "21600"})

    def do_GET(self) -> None:
        _, _, path = self.path.strip("/").partition("/")
        if path == "user-data":
            with open(user_data_file) as file:
                return self._answer(file.read())
        name = "i-" + self.client_address[0].replace(".", "-")
        known = {
            "meta-data": "hostname\ninstance-id",
            "meta-data/hostname": name,
            "meta-data/instance-id": name,
            "dynamic/instance-identity": "document",
            "dynamic/instance-identity/document": "{}",
        }
        self._answer(known[path]) if path in known else self.send_error(404)

    def _answer(self, text: str, headers: dict[str, str] | None = None) -> None:
        body = text.encode()
        self.send_response(200)
        for header, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(header, value)
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer((address, 80), Handler).serve_forever()
