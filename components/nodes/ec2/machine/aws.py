"""What AWS tells the node: its parameters in Parameter Store, read as the instance's own role, and its metadata."""

import datetime
import functools
import http.client
import json
import urllib.parse

from machine import places
from machine.console import Failure
from machine.signature import sign

IMDS = "169.254.169.254"
SECONDS = 5
# Of a role that is gone, or may not read. https://docs.aws.amazon.com/systems-manager/latest/APIReference/CommonErrors.html
REFUSALS = ("AccessDeniedException", "UnrecognizedClientException")


class Refused(Failure):
    """AWS answers, and gives the node nothing: it is no failure of the way there."""

    pass


def names():
    with open(places.NAMES) as file:
        return json.load(file)


def read_parameters(wanted):
    """Name to value of those that exist. Raises for all else, in words that hold no value."""
    token = metadata_token()
    region = metadata(token, "placement/region")
    # https://docs.aws.amazon.com/general/latest/gr/ssm.html
    host = f"ssm.{region}.amazonaws.com" + (".cn" if region.startswith("cn-") else "")
    body = json.dumps({"Names": wanted, "WithDecryption": True})
    request = {
        "method": "POST",
        "path": "/",
        "headers": {
            "host": host,
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": "AmazonSSM.GetParameters",
        },
        "body": body.encode(),
    }
    time = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = sign(request, role_credentials(token), region, "ssm", time)
    answer = call(http.client.HTTPSConnection, host, "POST", "/", headers, body)
    try:
        return {parameter["Name"]: parameter["Value"] for parameter in json.loads(answer)["Parameters"]}
    except (ValueError, KeyError, TypeError) as error:
        # Whatever stands in between may answer, too. What it says may hold a value.
        raise Failure(f"{host}: its answer is none of Parameter Store: {type(error).__name__}") from None


def role_credentials(token):
    try:
        role = metadata(token, "iam/security-credentials/").split("\n")[0]
        found = json.loads(metadata(token, f"iam/security-credentials/{urllib.parse.quote(role)}"))
        return {"accessKey": found["AccessKeyId"], "secretKey": found["SecretAccessKey"], "token": found["Token"]}
    except (Failure, ValueError, KeyError) as error:
        kind = Refused if isinstance(error, Refused) else Failure
        raise kind("the instance has no credentials of its role yet") from error


@functools.cache
def instance_id():
    return metadata(metadata_token(), "instance-id")


def spot_notice():
    """When AWS takes the instance back, once it says so.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
    """
    try:
        return json.loads(metadata(metadata_token(), "spot/instance-action"))["time"]
    except (Failure, ValueError, KeyError, TypeError):
        return None


def metadata_token():
    seconds = {"x-aws-ec2-metadata-token-ttl-seconds": "60"}
    return call(http.client.HTTPConnection, IMDS, "PUT", "/latest/api/token", seconds)


def metadata(token, path):
    return call(
        http.client.HTTPConnection, IMDS, "GET", f"/latest/meta-data/{path}", {"x-aws-ec2-metadata-token": token}
    )


def call(connect, host, method, path, headers, body=None):
    connection = connect(host, timeout=SECONDS)
    try:
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        raise Failure(f"{host}: {error or type(error).__name__}") from error
    finally:
        connection.close()
    if response.status != 200:
        said = reason(text) or response.reason
        kind = Refused if response.status == 404 or said.startswith(REFUSALS) else Failure
        raise kind(f"{host}: {response.status} {said}")
    return text


def reason(text):
    try:
        said = json.loads(text)
        return f"{said['__type'].rpartition('#')[2]}: {said.get('message') or said.get('Message') or ''}"
    except (ValueError, KeyError, AttributeError, TypeError):
        return ""
