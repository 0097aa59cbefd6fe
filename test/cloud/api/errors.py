"""Errors in AWS's own words and with its HTTP status, which decides whether an SDK tries again by itself."""

from moto.core.exceptions import ServiceException

# What is not here is 400. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
STATUS = {
    "AccessDenied": 403,
    "AuthFailure": 401,
    "ExpiredToken": 403,
    "InsufficientInstanceCapacity": 500,
    "InternalError": 500,
    "InvalidClientTokenId": 403,
    "MissingAuthenticationToken": 403,
    "NoSuchEntity": 404,
    "RequestLimitExceeded": 503,
    "SignatureDoesNotMatch": 403,
    "Unavailable": 503,
    "UnauthorizedOperation": 403,
}

# The same refusal has another name in each family of services: EC2's own, the query services', and the JSON services'.
_NAMES = {
    "unknown key": ("AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException"),
    "bad signature": ("AuthFailure", "SignatureDoesNotMatch", "InvalidSignatureException"),
    "expired": ("RequestExpired", "ExpiredToken", "ExpiredTokenException"),
    "unsigned": ("MissingAuthenticationToken", "MissingAuthenticationToken", "MissingAuthenticationTokenException"),
    "denied": ("UnauthorizedOperation", "AccessDenied", "AccessDeniedException"),
}


class Refusal(ServiceException):
    """An error that moto does not have. moto writes it down in the form of the service that was called."""


def refusal(service: str, kind: str, message: str) -> Refusal:
    ec2, query, json = _NAMES[kind]
    return Refusal({"ec2": ec2, "iam": query, "sts": query}.get(service, json), message)


def status_of(code: str) -> int:
    return STATUS.get(code, 400)
