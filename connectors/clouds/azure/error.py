"""Azure's errors in CloudWatcher's terms: of Resource Manager, of Microsoft Graph, and of the token endpoint."""

import re
from datetime import timedelta
from typing import Any

from connectors.reading.listing import Operation
from connectors.rest.client import detail, plan_missing, retry_after
from connectors.rest.paging import Reply
from domain.errors import CredentialsRejected, PermissionMissing, ProviderError, Rejected, Throttled, Unavailable

ARM = "Azure"
# Sources: "Troubleshoot common Azure deployment errors", "Authenticate requests" of the REST reference, and the
# error pages of Cost Management and of Microsoft Graph.
REJECTED = frozenset(
    {
        "AuthenticationFailed",
        "AuthenticationFailedInvalidHeader",
        "InvalidAuthenticationToken",
        "InvalidAuthenticationTokenAudience",
        "InvalidAuthenticationTokenTenant",
    }
)
EXPIRED = frozenset({"ExpiredAuthenticationToken", "InvalidAuthenticationTokenExpired"})
# Cost Management says some of these with status 401, where the credentials are good.
FORBIDDEN = frozenset(
    {
        "AccessDenied",
        "AuthorizationFailed",
        "Authorization_RequestDenied",
        "Forbidden",
        "LinkedAuthorizationFailed",
        "RBACAccessDenied",
    }
)
# Resource Manager does not tell a subscription that is elsewhere from one where the application has no role.
NO_SUBSCRIPTION = frozenset({"InvalidSubscriptionId", "SubscriptionNotFound"})
THROTTLED = frozenset({"RateLimiting", "ResourceRequestsThrottled", "SubscriptionRequestsThrottled", "TooManyRequests"})
NOT_LICENSED = frozenset({"Authentication_RequestFromNonPremiumTenantOrB2CTenant"})
LICENCE = ("premium license", "not licensed", "requires a license")
# Something else is being done to the same thing. Source: "Troubleshoot common Azure deployment errors".
BUSY = frozenset({"AnotherOperationInProgress", "RetryableError", "RetryableErrorDueToAnotherOperation"})
# Cost Management has limits by tenant, client, entity and query units, each with a header of its own.
# Source: "Cost Management automation FAQ", rate limits.
WAITS = re.compile(r"x-ms-ratelimit-microsoft\.(costmanagement|consumption)-.*retry-after")
ACTION = re.compile(r"perform action '([A-Za-z0-9./*_-]{1,200})'")
# What the token endpoint says of an application.
# Source: "Microsoft Entra authentication and authorization error codes".
SIGN_IN = {
    "AADSTS7000215": "the client secret is wrong: give its value, not its id",
    "AADSTS7000222": "the client secret has ended: make a new one",
    "AADSTS700016": "the application is not known in this tenant: check the client id and the tenant id",
    "AADSTS7000112": "the application is disabled",
    "AADSTS90002": "the tenant is not known: check the tenant id and the authority",
    "AADSTS900023": "the tenant is not known: check the tenant id and the authority",
    "AADSTS53003": "a conditional access policy for workloads blocks the application",
    "AADSTS500011": "the cloud behind the endpoint is not known to the tenant: check the endpoint and the authority",
}
AADSTS = re.compile(r"AADSTS\d{3,8}")
SIGN_IN_SERVICE = "Microsoft Entra ID"


def code_of(reply: Reply) -> str:
    """The error code of an answer; empty where there is none."""
    return str(_error(reply.body).get("code") or "")


def refusal(reply: Reply, operation: Operation) -> ProviderError | None:
    """What an error of Azure means; None where its status says all."""
    code, says = code_of(reply), str(_error(reply.body).get("message") or "").lower()
    phrases = operation.options.get("off_says", ()) if operation.plan else ()
    # A list may be refused because the same call is throttled: the status goes before the code.
    if reply.status == 429 or code in THROTTLED:
        return throttled(reply, operation)
    if code in operation.off:
        return plan_missing(operation, ARM)
    if reply.status < 500 and any(phrase in says for phrase in phrases):
        return plan_missing(operation, ARM)
    if operation.plan and (code in NOT_LICENSED or any(phrase in says for phrase in LICENCE)):
        return plan_missing(operation, operation.service)
    return _access(code, reply, operation) or _of_action(code, reply, operation)


def _access(code: str, reply: Reply, operation: Operation) -> ProviderError | None:
    service = operation.service
    if code in EXPIRED:
        return Unavailable(f"The token of {operation.name} had ended; a new one is fetched.", service=service)
    if code in REJECTED:
        return CredentialsRejected(f"Azure rejects the credentials ({code}): {detail(reply)}", service=service)
    if code in NO_SUBSCRIPTION:
        message = "The subscription is not in this tenant, or the application has no role in it: give it Reader there."
        return CredentialsRejected(message, service=service)
    if code in FORBIDDEN or reply.status == 403:
        return _not_permitted(reply, operation)
    return None


def _of_action(code: str, reply: Reply, operation: Operation) -> ProviderError | None:
    """Why something was not done; None for what only asks."""
    if not operation.options.get("is_long") or not 400 <= reply.status < 500:
        return None
    if code in BUSY:
        message = f"Azure is busy with another change of the same thing ({code})."
        return Unavailable(message, service=operation.service, retry_after=retry_after(reply))
    return Rejected(f"Azure refuses {operation.name} ({code}): {detail(reply)}", service=operation.service)


def throttled(reply: Reply, operation: Operation) -> Throttled:
    """With the longest wait that any header asks for."""
    given = [value for name, value in reply.headers.items() if WAITS.fullmatch(name)]
    waits = [timedelta(seconds=int(value)) for value in given if value.isdigit()]
    if asked := retry_after(reply):
        waits.append(asked)
    message = f"Azure asks for fewer calls of {operation.name}."
    return Throttled(message, service=operation.service, retry_after=max(waits, default=None))


def sign_in(reply: Reply) -> ProviderError:
    """What the token endpoint's refusal means."""
    if reply.status == 429:
        wait = retry_after(reply)
        return Throttled("Microsoft Entra ID asks for fewer sign-ins.", service=SIGN_IN_SERVICE, retry_after=wait)
    if reply.status >= 500:
        return Unavailable(f"Microsoft Entra ID failed to sign in ({reply.status}).", service=SIGN_IN_SERVICE)
    says = str(reply.body.get("error_description") or "") if isinstance(reply.body, dict) else ""
    found = AADSTS.search(says)
    code = found[0] if found else f"status {reply.status}"
    why = SIGN_IN.get(code, "check the tenant id, the client id and the secret")
    return CredentialsRejected(f"Microsoft Entra ID refuses the application ({code}): {why}.", service=SIGN_IN_SERVICE)


def _not_permitted(reply: Reply, operation: Operation) -> PermissionMissing:
    named = ACTION.search(str(_error(reply.body).get("message") or ""))
    permission = named[1] if named else ", ".join(operation.permissions)
    message = f"{operation.service} does not allow {operation.name}: the permission {permission} is missing."
    return PermissionMissing(message, service=operation.service, permission=permission)


def _error(body: Any) -> dict[str, Any]:
    """Most services put it under `error`, some give it bare."""
    if not isinstance(body, dict):
        return {}
    inner = body.get("error")
    return inner if isinstance(inner, dict) else body
