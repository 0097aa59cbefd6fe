"""
Machines without an emulator of EC2 around them: one JSON line for each call on standard input, one for its result on
standard output. A call is `{"id": …, "machine": NAME, "method": …, "arguments": […]}`; `make` takes the settings.
"""

import json
import sys
import threading

from . import make_machine
from .machine import Machine

machines: dict[str, Machine] = {}
output = threading.Lock()


def answer(call: dict) -> dict:
    name, method, arguments = call["machine"], call["method"], call.get("arguments", [])
    try:
        if method == "make":
            machines[name] = make_machine(*arguments)
            return {"id": call["id"]}
        return {"id": call["id"], "result": getattr(machines[name], method)(*arguments)}
    except Exception as error:  # The caller is another process: it is told whatever went wrong.
        return {"id": call["id"], "error": f"{type(error).__name__}: {error}"}


def serve(call: dict) -> None:
    line = json.dumps(answer(call))
    with output:
        print(line, flush=True)


for text in sys.stdin:
    threading.Thread(target=serve, args=(json.loads(text),), daemon=True).start()
for machine in machines.values():
    machine.kill()
