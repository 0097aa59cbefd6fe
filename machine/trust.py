"""Whom the node's daemon lets in: clients with a certificate of one of these CAs."""

import re

from machine import files, places

CERTIFICATE = re.compile("-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)


def is_revoked(wanted):
    """No CA that is trusted now is still to be: they were all made anew, for a key is in wrong hands."""
    return have_none_in_common(files.read(places.CA) or "", wanted.tls["ca"])


def have_none_in_common(used, wanted):
    """Of two PEM bundles; False where one holds no certificate at all, which revokes nothing."""
    before, after = certificates(used), certificates(wanted)
    return bool(before and after) and before.isdisjoint(after)


def certificates(bundle):
    return {"".join(body.split()) for body in CERTIFICATE.findall(bundle)}
