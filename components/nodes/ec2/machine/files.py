"""Files that are there whole or not at all."""

import os


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except FileNotFoundError:
        return None


def write(path, text, mode=0o644, folder_mode=0o755):
    folder = os.path.dirname(path)
    os.makedirs(folder, mode=folder_mode, exist_ok=True)
    os.chmod(folder, folder_mode)
    # Two services write the same files.
    draft = f"{path}.draft-{os.getpid()}"
    # Made with its mode, so that nobody opens it in between.
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "w") as file:
            os.fchmod(descriptor, mode)
            file.write(text)
        os.replace(draft, path)
    except OSError:
        # On a full disk it would take the room that somebody else has made.
        remove(draft)
        raise


def remove(path):
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
