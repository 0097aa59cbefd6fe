"""Whom the node's daemon lets in: clients with a certificate of one of these CAs."""

import re
import subprocess

from machine import files, places
from machine.console import say

CERTIFICATE = re.compile("-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)


def take(tls):
    """For the daemon's next start: it reads them once."""
    for name in ("ca", "cert", "key"):
        write(name, tls[name])


def write(name, text):
    files.write(f"{places.TLS}/{name}.pem", text, mode=0o600, folder_mode=0o700)


def take_if_revoked(wanted):
    """Before any other change, which may fail or take long: a key in wrong hands opens the node until then."""
    if not is_revoked(wanted):
        return
    say("all certificates were revoked: those in their place are applied now, though the node is in use")
    before = files.read(places.CA)
    take(wanted.tls)
    try:
        # Asked to end, the daemon would serve open connections for up to two minutes. systemd starts it again.
        subprocess.run(["systemctl", "kill", "--signal=SIGKILL", "buildkit"], timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        # The daemon still has them: for the next try.
        write("ca", before)
        raise


def is_revoked(wanted):
    """No CA that is trusted now is still to be: they were all made anew, for a key is in wrong hands."""
    return have_none_in_common(files.read(places.CA) or "", wanted.tls["ca"])


def have_none_in_common(used, wanted):
    """Of two PEM bundles; False where one holds no certificate at all, which revokes nothing."""
    before, after = certificates(used), certificates(wanted)
    return bool(before and after) and before.isdisjoint(after)


def certificates(bundle):
    return {"".join(body.split()) for body in CERTIFICATE.findall(bundle)}
