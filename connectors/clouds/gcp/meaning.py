"""What Google's refusals mean for the customer.

Sources: google.rpc ErrorInfo and RetryInfo (AIP-193), google.api.ErrorReason, Cloud APIs "Errors", and the older form
with `errors[].reason` that Compute Engine, Cloud Storage, BigQuery and the Directory still use.
"""

import re
from datetime import timedelta
from typing import Any

from connectors.reading.listing import Operation
from connectors.rest.client import permission_missing, retry_after
from connectors.rest.paging import Reply, found_at
from domain.errors import PermissionMissing, PlanMissing, ProviderError, Rejected, Throttled

NAME = "Google Cloud"
API_OFF = frozenset({"SERVICE_DISABLED", "accessNotConfigured"})
BILLING_OFF = frozenset({"BILLING_DISABLED", "billingNotEnabled", "UREQ_PROJECT_BILLING_NOT_FOUND"})
SCOPE_LACKS = frozenset({"ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientPermissions"})
TOO_MANY = frozenset(
    {"RATE_LIMIT_EXCEEDED", "rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"}
)
# "Permission 'cloudkms.keyRings.list' denied on resource ...", "Required 'compute.disks.list' permission for ..."
NAMED_PERMISSION = re.compile(r"(?:[Pp]ermission|Required)s? '?([a-z][A-Za-z0-9]*(?:\.[A-Za-z0-9]+){2,})'?")
FORBIDDEN, TOO_MANY_REQUESTS = 403, 429
LONGEST_FAILURE = 400


class InterfaceOff(PlanMissing):
    """The project does not use this interface of Google at all."""


def refusal(reply: Reply, operation: Operation) -> ProviderError | None:
    """The vendor's own meaning of a reply with a bad status; None where its status says it all."""
    reasons = _reasons(reply.body)
    if reply.status == TOO_MANY_REQUESTS or reasons & TOO_MANY:
        return Throttled(
            f"{NAME} asks for fewer calls of {operation.name}.", service=operation.service, retry_after=_wait(reply)
        )
    if reasons & API_OFF:
        host = _metadata(reply.body).get("service") or operation.options["host"]
        return InterfaceOff(
            f"{NAME} does not offer {operation.name}: the API {host} is not enabled in the project.",
            service=operation.service,
            plan=f"the API {host}",
        )
    if reasons & BILLING_OFF:
        message = f"{NAME} does not offer {operation.name}: billing is not switched on for the project."
        return PlanMissing(message, service=operation.service, plan="billing for the project")
    if reply.status == FORBIDDEN:
        return _permission_missing(reply, operation, reasons)
    return None


def failure(reply: Reply, operation: Operation) -> ProviderError | None:
    """What an operation that takes its time came to when it failed, with Google's own code; None for any other.

    Sources: Compute Engine and Cloud SQL `Operation.error.errors`, google.longrunning.Operation `error`.
    """
    error = found_at(reply.body, "error") if operation.options.get("is_long") else None
    if not isinstance(error, dict) or not error:
        return None
    errors = error.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else error
    said = f"{first.get('code') or 'without a code'}: {first.get('message') or 'no reason given'}"
    return Rejected(
        f"{NAME} gave up what {operation.name} tells of: {said}"[:LONGEST_FAILURE], service=operation.service
    )


def code(reply: Reply) -> str:
    """Google's own word for a refusal: FAILED_PRECONDITION, or alreadyExists in the older form; "" without one."""
    status = found_at(reply.body, "error.status")
    older = found_at(reply.body, "error.errors")
    reasons = [one.get("reason") for one in older if isinstance(one, dict)] if isinstance(older, list) else []
    return str(status or next((one for one in reasons if one), ""))


def _permission_missing(reply: Reply, operation: Operation, reasons: frozenset[str]) -> PermissionMissing:
    said = NAMED_PERMISSION.search(str(found_at(reply.body, "error.message") or ""))
    named = _metadata(reply.body).get("permission") or (said[1] if said else None)
    if named is None or reasons & SCOPE_LACKS:
        return permission_missing(operation, NAME)
    message = f"{NAME} does not allow {operation.name}: the permission {named} is missing."
    return PermissionMissing(message, service=operation.service, permission=str(named))


def _details(body: Any) -> list[dict[str, Any]]:
    found = found_at(body, "error.details")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _reasons(body: Any) -> frozenset[str]:
    """All that the answer gives as reasons, in the new form and the old one."""
    older = found_at(body, "error.errors")
    entries = _details(body) + ([one for one in older if isinstance(one, dict)] if isinstance(older, list) else [])
    return frozenset(str(one["reason"]) for one in entries if "reason" in one)


def _metadata(body: Any) -> dict[str, Any]:
    found = (one.get("metadata") for one in _details(body))
    return next((one for one in found if isinstance(one, dict)), {})


def _wait(reply: Reply) -> timedelta | None:
    """From RetryInfo ("13s"), else from the header."""
    for one in _details(reply.body):
        seconds = re.fullmatch(r"(\d+(?:\.\d+)?)s", str(one.get("retryDelay", "")))
        if seconds:
            return timedelta(seconds=float(seconds[1]))
    return retry_after(reply)
