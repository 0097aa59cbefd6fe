"""Verifies Signature Version 4 as AWS does, so that a signer that is wrong fails here and not first on AWS.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_HEADER = re.compile(
    r"^AWS4-HMAC-SHA256 Credential=(?P<key>[^/,]+)/(?P<date>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request,"
    r"\s*SignedHeaders=(?P<headers>[^,]+),\s*Signature=(?P<signature>[0-9a-f]{64})$"
)
# AWS takes requests whose time is off by five minutes.
_SKEW = timedelta(minutes=5)


@dataclass
class Signature:
    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: list[str]
    value: str


def read_signature(header: str) -> Signature | None:
    match = _HEADER.match(header)
    if not match:
        return None
    headers = match["headers"].split(";")
    return Signature(match["key"], match["date"], match["region"], match["service"], headers, match["signature"])


def fault_in_signature(signature: Signature, secret: str, request: Any, body: bytes) -> str | None:
    """Why the request is not what the owner of the secret signed; None: it is."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    timestamp = headers.get("x-amz-date", "")
    required = {"host"} | {name for name in headers if name in ("x-amz-date", "x-amz-security-token", "x-amz-target")}
    unsigned = required - set(signature.signed_headers)
    if unsigned:
        return f"'{sorted(unsigned)[0]}' must be a 'SignedHeader' in the AWS Authorization."
    if signature.signed_headers != sorted(signature.signed_headers):
        return "The 'SignedHeaders' must be sorted."
    try:
        moment = datetime.strptime(timestamp, SIGV4_TIMESTAMP).replace(tzinfo=timezone.utc)
    except ValueError:
        return f"Date must be in ISO-8601 'basic format'. Got '{timestamp}'."
    if signature.date != timestamp[:8]:
        return "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP."
    if abs(datetime.now(timezone.utc) - moment) > _SKEW:
        return f"Signature expired or not yet current: {timestamp}."
    hashed = headers.get("x-amz-content-sha256")
    if hashed is not None and hashed != hashlib.sha256(body).hexdigest():
        return "The provided 'x-amz-content-sha256' header does not match what was computed."
    signed = {name: headers[name] for name in signature.signed_headers if name in headers}
    copy = AWSRequest(method=request.method, url=request.raw_url, data=body, headers=signed)
    copy.context["timestamp"] = timestamp
    signer = SigV4Auth(Credentials(signature.access_key_id, secret), signature.service, signature.region)
    expected = signer.signature(signer.string_to_sign(copy, signer.canonical_request(copy)), copy)
    if hmac.compare_digest(expected, signature.value):
        return None
    return (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details."
    )
