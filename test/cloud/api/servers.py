"""The ports of the cloud."""

from __future__ import annotations

import ssl
import threading
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from .control import control_app
from .gate import entrance
from .metadata import metadata_app
from .world import World


def start_servers(world: World) -> list[BaseWSGIServer]:
    settings = world.settings
    moto = DomainDispatcherApplication(create_backend_app)
    servers = [
        _serve("0.0.0.0", settings.apiPort, entrance(moto), _Quiet),
        _serve("0.0.0.0", settings.controlPort, control_app(world), _Quiet),
        _serve(settings.metadataAddress, 80, metadata_app(world), WSGIRequestHandler),
    ]
    if settings.frontCertificate:
        front = _serve(settings.frontAddress, 443, entrance(moto, "ssm"), _Quiet)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(settings.frontCertificate, settings.frontKey)
        # The handshake is each connection's own: one that is silent must not keep the others waiting.
        front.socket = context.wrap_socket(front.socket, server_side=True, do_handshake_on_connect=False)
        front.ssl_context = context
        servers.append(front)
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    return servers


class _Quiet(MotoRequestHandler):
    """The calls are on record; the log is for what went wrong."""

    def log_request(self, *_: Any) -> None:
        pass


def _serve(address: str, port: int, app: Any, handler: type[WSGIRequestHandler]) -> BaseWSGIServer:
    return make_server(address, port, app, threaded=True, request_handler=handler)
