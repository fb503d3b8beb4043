"""AWS's errors in CloudWatcher's terms, in one place."""

import re
from collections.abc import Collection
from datetime import timedelta
from http import HTTPStatus

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)
from botocore.parsers import ResponseParserError

from connectors.reading.listing import Operation
from domain.errors import (
    CredentialsRejected,
    Misshapen,
    PermissionMissing,
    PlanMissing,
    ProviderError,
    Throttled,
    Unavailable,
)

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
# AWS's words for a service that the account has not signed up for, whatever the operation.
OFF = frozenset({"OptInRequired", "SubscriptionRequiredException"})
# Newer refusals name the action; source: "Troubleshoot access denied error messages" of the IAM user guide.
NAMED_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)")
LONGEST_DETAIL = 200
# What botocore's parsers raise on an answer of another shape, e.g. a web page; a call itself raises none of them.
MISSHAPEN = (ResponseParserError, AttributeError, IndexError, KeyError, TypeError, ValueError)
NO_KEYS = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError)


def code_of(error: Exception) -> str:
    """AWS's error code; empty for an error that is no answer."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def message_of(error: Exception) -> str:
    """AWS's own sentence; empty for an error that is no answer."""
    return str(error.response.get("Error", {}).get("Message", "")) if isinstance(error, ClientError) else ""


def says(error: Exception, signs: Collection[str]) -> bool:
    """Whether the error has one of these codes; "Code: words" also wants the words in its message, where AWS uses the
    code for other things too.
    """
    code, message = code_of(error), message_of(error).lower()
    parted = [sign.partition(": ") for sign in signs]
    return any(code == wanted and words.lower() in message for wanted, _, words in parted)


def passed(error: Exception, _: str, __: str) -> ProviderError | None:
    """For the guard: errors of AWS are translated where the operation is known, and come to it as they are."""
    return error if isinstance(error, ProviderError) else None


def translate(error: Exception, operation: Operation, endpoint: str) -> ProviderError | None:
    """What the error means; None when it comes neither from AWS nor from the way there. `endpoint` is shown."""
    service = operation.service
    if isinstance(error, ClientError):
        return _refusal(error, operation, endpoint)
    if isinstance(error, NO_KEYS):
        return CredentialsRejected("There are no AWS keys to sign in with.", service=service)
    if isinstance(error, ParamValidationError):
        return None
    if isinstance(error, MISSHAPEN):
        return not_aws(operation, endpoint)
    if isinstance(error, BotoCoreError):
        # The library's own sentence leaves out what the network said.
        why = _short(str(error.kwargs.get("error") or error))
        return Unavailable(f"{endpoint} did not answer {operation.name}: {why}", service=service)
    return None


def not_aws(operation: Operation, endpoint: str) -> Misshapen:
    """An answer that AWS would not give."""
    return Misshapen(f"{endpoint} does not answer {operation.name} the way AWS does.", service=operation.service)


def _refusal(error: ClientError, operation: Operation, endpoint: str) -> ProviderError:
    code, status = code_of(error), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    name, service = operation.name, operation.service
    if says(error, operation.off) or code in OFF:
        plan = operation.plan or f"{service} switched on in the account"
        return PlanMissing(f"AWS offers {name} with {plan} only ({code}).", service=service, plan=plan)
    if code in NOT_PERMITTED:
        return _not_permitted(error, operation)
    if code in REJECTED:
        return CredentialsRejected(f"AWS rejects the credentials ({code}): {_detail(error)}", service=service)
    if code in THROTTLED or "Throttl" in code or status == HTTPStatus.TOO_MANY_REQUESTS:
        message = f"AWS asks for fewer calls of {name} ({code})."
        return Throttled(message, service=service, retry_after=_retry_after(error))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unavailable(f"{endpoint} failed at {name} ({code or status}).", service=service)
    # A real refusal of AWS carries a code in words; a stray web server leaves its status or nothing.
    if not code or code.isdigit():
        return not_aws(operation, endpoint)
    return ProviderError(f"AWS refuses {name} ({code}): {_detail(error)}", service=service)


def _not_permitted(error: ClientError, operation: Operation) -> ProviderError:
    if operation.name == "sts.assume_role":
        message = "AWS does not let CloudWatcher assume the role: its trust policy or the external id does not match."
        return CredentialsRejected(message, service=operation.service)
    named = NAMED_ACTION.search(message_of(error))
    permission = ", ".join(operation.permissions)
    if named and named[1] in operation.permissions:
        permission = named[1]
    message = f"The permission {permission} is missing." if permission else f"AWS does not allow {operation.name}."
    return PermissionMissing(message, service=operation.service, permission=permission)


def _retry_after(error: ClientError) -> timedelta | None:
    value = str(error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("retry-after", ""))
    return timedelta(seconds=int(value)) if value.isdigit() else None


def _detail(error: ClientError) -> str:
    return _short(message_of(error) or "no reason given")


def _short(text: str) -> str:
    """One line of bounded length: an answer is not ours to trust."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_DETAIL else f"{line[: LONGEST_DETAIL - 1]}…"
