"""AWS's errors in CloudWatcher's terms, in one place."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)
from botocore.parsers import ResponseParserError

from domain.errors import CredentialsRejected, PermissionMissing, ProviderError, Throttled, Unavailable

# Sources: the "Common error types" pages of the EC2, IAM, STS, S3 and CloudTrail API references.
NOT_PERMITTED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AllAccessDisabled",
        "AuthorizationError",
        "Client.UnauthorizedOperation",
        "NotAuthorized",
        "UnauthorizedAccess",
        "UnauthorizedOperation",
    }
)
REJECTED = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSecurity",
        "InvalidToken",
        "MissingAuthenticationToken",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
        "UnrecognizedClientException",
    }
)
THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
    }
)
# Where the permission is not named like the operation. Source: service authorization reference, Amazon S3.
PERMISSION_NAMES = {
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
}
LONGEST_DETAIL = 200
# What botocore's parsers raise on an answer of another shape, e.g. a web page; a call itself raises none of them.
MISSHAPEN = (ResponseParserError, AttributeError, IndexError, KeyError, TypeError, ValueError)
NO_KEYS = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError)


def code_of(error: Exception) -> str:
    """AWS's error code; empty for an error that is no answer."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def translate(error: Exception, service: str, operation: str, endpoint: str) -> ProviderError | None:
    """What the error means; None when it comes neither from AWS nor from the way there. `endpoint` is shown."""
    if isinstance(error, ClientError):
        return _refusal(error, service, operation, endpoint)
    if isinstance(error, NO_KEYS):
        return CredentialsRejected("There are no AWS keys to sign in with.", service=service)
    if isinstance(error, ParamValidationError):
        return None
    if isinstance(error, BotoCoreError):
        # The library's own sentence leaves out what the network said.
        why = _short(str(error.kwargs.get("error") or error))
        return Unavailable(f"{endpoint} did not answer {service} {operation}: {why}", service=service)
    return _not_aws(service, operation, endpoint) if isinstance(error, MISSHAPEN) else None


def _refusal(error: ClientError, service: str, operation: str, endpoint: str) -> ProviderError:
    code, status = code_of(error), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in NOT_PERMITTED:
        return _not_permitted(service, operation)
    if code in REJECTED:
        return CredentialsRejected(f"AWS rejects the credentials ({code}): {_detail(error)}", service=service)
    if code in THROTTLED or "Throttl" in code or status == 429:
        return Throttled(f"AWS asks for fewer calls of {service} {operation} ({code}).", service=service)
    if status >= 500:
        return Unavailable(f"{endpoint} failed at {service} {operation} ({code or status}).", service=service)
    # A real refusal of AWS carries a code in words; a stray web server leaves its status or nothing.
    if not code or code.isdigit():
        return _not_aws(service, operation, endpoint)
    return ProviderError(f"AWS refuses {service} {operation} ({code}): {_detail(error)}", service=service)


def _not_permitted(service: str, operation: str) -> ProviderError:
    if (service, operation) == ("sts", "AssumeRole"):
        message = "AWS does not let CloudWatcher assume the role: its trust policy or the external id does not match."
        return CredentialsRejected(message, service=service)
    action = f"{service}:{operation}"
    return PermissionMissing(f"The permission {PERMISSION_NAMES.get(action, action)} is missing.", service=service)


def _not_aws(service: str, operation: str, endpoint: str) -> Unavailable:
    return Unavailable(f"{endpoint} does not answer {service} {operation} the way AWS does.", service=service)


def _detail(error: ClientError) -> str:
    return _short(str(error.response.get("Error", {}).get("Message", "")) or "no reason given")


def _short(text: str) -> str:
    """One line of bounded length: an answer is not ours to trust."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_DETAIL else f"{line[: LONGEST_DETAIL - 1]}…"
