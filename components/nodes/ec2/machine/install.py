"""Puts the files of the node's program where they belong, and starts it. The user data run this at each boot, with all files."""

import os
import subprocess
import sys

CONSOLE = "/usr/local/lib/multi-platform-image/machine/console.py"
SERVICES = ["multi-platform-image-watch.service", "multi-platform-image-prepare.service"]


def install(files):
    console = {}
    # It can't be imported yet.
    exec(files[CONSOLE], console)
    try:
        is_new = write(files)
        # Another boot may have been cut off in between.
        if is_new or subprocess.run(["systemctl", "is-enabled", "--quiet", *SERVICES]).returncode != 0:
            console["milestone"]("user data started")
            start()
    except Exception as error:
        console["fail"](f"the user data: {type(error).__name__}: {error}")
        sys.exit(1)


def write(files):
    new = {path: text for path, text in files.items() if read(path) != text}
    for path, text in new.items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
            # Else a power cut might leave it empty, and the node without its watch.
            file.flush()
            os.fsync(file.fileno())
    return bool(new)


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except (OSError, ValueError):
        return None


def start():
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    subprocess.run(["systemctl", "enable", "--now", "--no-block", *SERVICES], check=True)
