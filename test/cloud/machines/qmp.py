"""A running qemu's control socket: https://www.qemu.org/docs/master/interop/qmp-spec.html"""

import contextlib
import json
import socket
import time


class Qmp:
    def __init__(self, path: str) -> None:
        self.path = path

    def call(self, command: str, **arguments: object) -> object:
        with self._connect() as lines:
            return self._ask(lines, command, arguments)

    def call_and_wait(self, command: str, event: str, device: str, **arguments: object) -> None:
        """Calls, and waits for the event of this device that says that the guest has taken part."""
        with self._connect() as lines:
            self._ask(lines, command, arguments, event=(event, device))

    @contextlib.contextmanager
    def _connect(self):
        # The socket appears some time after the process, and serves one client at a time.
        deadline = time.monotonic() + 20
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(60)
            while True:
                try:
                    connection.connect(self.path)
                    break
                except OSError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.05)
            with connection.makefile("rw") as lines:
                lines.readline()
                self._ask(lines, "qmp_capabilities", {})
                yield lines

    @staticmethod
    def _ask(lines, command: str, arguments: dict, event: tuple[str, str] | None = None) -> object:
        print(json.dumps({"execute": command, "arguments": arguments}), file=lines, flush=True)
        result, answered = None, False
        while not answered or event is not None:
            text = lines.readline()
            if not text:
                raise ConnectionError(f"qemu ended during {command}")
            message = json.loads(text)
            if "error" in message:
                raise RuntimeError(f"qemu: {command} failed: {message['error']['desc']}")
            if "return" in message:
                result, answered = message["return"], True
            elif event == (message.get("event"), message.get("data", {}).get("device")):
                event = None
        return result
