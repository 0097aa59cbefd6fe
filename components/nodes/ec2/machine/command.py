"""Other programs of the node."""

import subprocess

from machine.console import Failure


def run(command, timeout=120, **options):
    """The program's output. Its last line is the reason when it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, **options)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failure(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()
        raise Failure(f"{' '.join(command[:3])} ended with {done.returncode}: {' | '.join(said[-3:])}")
    return done.stdout


def succeeds(command, timeout=120):
    return subprocess.run(command, capture_output=True, timeout=timeout).returncode == 0
