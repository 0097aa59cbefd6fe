"""AWS Signature Version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html"""

import hashlib
import hmac


def sign(request, credentials, region, service, time):
    """Headers to send. `request`: method, path, headers (host among them), body; `time`: 20150830T123600Z."""
    headers = {**request["headers"], "x-amz-date": time}
    if credentials.get("token"):
        headers["x-amz-security-token"] = credentials["token"]
    lowered = sorted((name.lower(), " ".join(value.split())) for name, value in headers.items())
    signed = ";".join(name for name, _ in lowered)
    canonical = "\n".join(
        [
            request["method"],
            request["path"],
            "",
            *(f"{name}:{value}" for name, value in lowered),
            "",
            signed,
            hashlib.sha256(request["body"]).hexdigest(),
        ]
    )
    scope = f"{time[:8]}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", time, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{credentials['secretKey']}".encode()
    for part in (time[:8], region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    credential = f"{credentials['accessKey']}/{scope}"
    headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed}, Signature={signature}"
    )
    return headers
