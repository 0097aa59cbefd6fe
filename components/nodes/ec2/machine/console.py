"""What a node says. EC2 hands its console out, so a line there is how a caller learns why a node does not come."""

import os


class Failure(Exception):
    """A whole sentence for the user: what, which value, and the way out."""

    pass


def say(text):
    line = f"multi-platform-image: {text}"
    print(line, flush=True)
    try:
        console = os.open("/dev/console", os.O_WRONLY | os.O_NOCTTY)
    except OSError:
        return
    try:
        os.write(console, f"{line}\r\n".encode())
    except OSError:
        pass
    finally:
        os.close(console)


def milestone(text):
    say(f"{text} at {seconds_since_boot():.1f} s")


def fail(reason):
    say("failed: " + " ".join(str(reason).split()))


def seconds_since_boot():
    """Counted from the start of the first process: in a container /proc/uptime is the host's."""
    with open("/proc/uptime") as file:
        uptime = float(file.read().split()[0])
    with open("/proc/1/stat") as file:
        started = int(file.read().rpartition(")")[2].split()[19])
    return uptime - started / os.sysconf("SC_CLK_TCK")
