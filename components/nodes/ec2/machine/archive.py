"""BuildKit's release archive, checked before it is unpacked. Versions stay side by side."""

import glob
import hashlib
import json
import os
import re
import shutil
import tarfile
import time
import urllib.request

from machine import files, places
from machine.console import Failure, say

# Of the emulators (buildkit-qemu-*) only those that the settings name: with others beside it, BuildKit would run foreign
# programs in silence, where an error is better.
PROGRAMS = (
    "buildkitd",
    "buildctl",
    "buildkit-runc",
    "buildkit-cni-bridge",
    "buildkit-cni-loopback",
    "buildkit-cni-host-local",
    "buildkit-cni-firewall",
)
SIZES = "sizes.json"


def install(buildkit):
    """The folder that holds this version's programs."""
    version, expected = buildkit["version"], buildkit["sha256"].lower()
    if not re.fullmatch(r"[\w.+-]+", version):
        raise Failure(f'BuildKit\'s version "{version}" is no version: use one like v0.33.1')
    emulators = [f"buildkit-qemu-{name}" for name in buildkit.get("emulators", [])]
    folder = "-".join([f"{places.VERSIONS}/{version}", expected[:12], *emulators])
    if is_whole(folder):
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(places.VERSIONS, exist_ok=True)
    download, draft = f"{folder}.tar.gz", f"{folder}.draft"
    try:
        actual = fetch_patiently(buildkit["url"], download)
        if actual != expected:
            raise Failure(
                f"{buildkit['url']} has the SHA-256 {actual}, but {expected} was expected: it was not unpacked"
            )
        unpack(download, draft, emulators)
        files.write(f"{draft}/{SIZES}", json.dumps(sizes(draft)))
        os.rename(draft, folder)
        remove_old()
    finally:
        if os.path.exists(download):
            os.unlink(download)
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def is_whole(folder):
    """A folder that came with the machine image has no list of its sizes."""
    try:
        found = sizes(folder)
        return json.loads(files.read(f"{folder}/{SIZES}") or json.dumps(found)) == found and all(map(found.get, PROGRAMS))
    except (OSError, ValueError):
        return False


def sizes(folder):
    return {name: os.path.getsize(f"{folder}/{name}") for name in os.listdir(folder) if name != SIZES}


def remove_old():
    """All but the last three: the new one, the one that runs, and one to go back to."""
    versions = [path for path in glob.glob(f"{places.VERSIONS}/*-*") if os.path.isdir(path)]
    for path in sorted(versions, key=os.path.getmtime)[:-3]:
        if path != os.path.realpath(places.CURRENT):
            shutil.rmtree(path)


def fetch_patiently(url, path):
    for attempt in range(1, 6):
        try:
            return fetch(url, path)
        except (OSError, ValueError) as error:
            if attempt == 5:
                raise Failure(f"{url} could not be downloaded: {error}") from error
            if attempt > 1:
                say(f"downloading {url} again: {error}")
            time.sleep(attempt)


def fetch(url, path):
    digest = hashlib.sha256()
    with urllib.request.urlopen(url, timeout=30) as response, open(path, "wb") as file:
        while chunk := response.read(1 << 20):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def unpack(path, folder, emulators=()):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    with tarfile.open(path) as archive:
        for member in archive:
            name = os.path.basename(member.name)
            if member.isfile() and name in (*PROGRAMS, *emulators):
                with archive.extractfile(member) as source, open(f"{folder}/{name}", "wb") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
                    # Else a power cut might leave the folder with its name, and empty files.
                    target.flush()
                    os.fsync(target.fileno())
                os.chmod(f"{folder}/{name}", 0o755)
    missing = [name for name in PROGRAMS if not os.path.exists(f"{folder}/{name}")]
    if missing:
        raise Failure(f"BuildKit's archive lacks {', '.join(missing)}")
    for name in emulators:
        if not os.path.exists(f"{folder}/{name}"):
            say(f"BuildKit's archive lacks {name}: RUN steps that need it fail with an exec format error")
