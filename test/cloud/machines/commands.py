"""Command lines of this machine."""

import subprocess


def execute(*command: str, text: str = "", timeout: float = 60) -> str:
    """Runs a command to its end and returns what it printed; its error text becomes the error."""
    ended = subprocess.run(command, input=text, capture_output=True, text=True, timeout=timeout)
    if ended.returncode != 0:
        said = ended.stderr.strip() or ended.stdout.strip()
        raise RuntimeError(f"{' '.join(command)!r} failed ({ended.returncode}): {said}")
    return ended.stdout


def enter(namespace: str, *command: str) -> list[str]:
    """The command line that runs `command` in a network namespace, with this machine's mounts."""
    return ["nsenter", f"--net=/run/netns/{namespace}", "--", *command]
