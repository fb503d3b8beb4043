"""What Azure's errors mean."""

from datetime import timedelta
from typing import Any

import pytest

from connectors.clouds.azure import error as azure_error
from connectors.reading.listing import Operation
from connectors.rest.paging import Reply
from domain.errors import (
    CredentialsRejected,
    PermissionMissing,
    PlanMissing,
    ProviderError,
    Throttled,
    Unavailable,
)

DISKS = Operation(name="GET Microsoft.Compute/disks", service="Microsoft.Compute", permissions=("disks/read",))
COSTS = Operation(
    name="POST Microsoft.CostManagement/query",
    service="Microsoft.CostManagement",
    permissions=("query/read",),
    plan="an offer",
    off=frozenset({"IndirectCostDisabled"}),
    options={"off_says": ("supports only",)},
)


def reply(code: str, status: int, message: str = "", **headers: str) -> Reply:
    return Reply(status=status, headers=headers, body={"error": {"code": code, "message": message}})


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("AuthorizationFailed", 403, PermissionMissing),
        ("Authorization_RequestDenied", 403, PermissionMissing),
        ("RBACAccessDenied", 401, PermissionMissing),
        ("Unheard", 403, PermissionMissing),
        ("InvalidAuthenticationToken", 401, CredentialsRejected),
        ("InvalidAuthenticationTokenTenant", 401, CredentialsRejected),
        ("SubscriptionNotFound", 404, CredentialsRejected),
        ("ExpiredAuthenticationToken", 401, Unavailable),
        ("SubscriptionRequestsThrottled", 429, Throttled),
        ("RateLimiting", 400, Throttled),
        ("", 429, Throttled),
        ("IndirectCostDisabled", 400, PlanMissing),
    ],
)
def test_each_code_has_a_meaning(code: str, status: int, kind: type[ProviderError]) -> None:
    assert type(azure_error.refusal(reply(code, status), COSTS)) is kind


@pytest.mark.parametrize(("code", "status"), [("ResourceNotFound", 404), ("Conflict", 409), ("InternalError", 500)])
def test_other_codes_leave_it_to_the_status(code: str, status: int) -> None:
    assert azure_error.refusal(reply(code, status), DISKS) is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error": {"code": "A"}}, "A"),
        ({"code": "B", "message": "bare"}, "B"),
        ({"error": "invalid_grant"}, ""),
        ("<html>", ""),
        (None, ""),
    ],
)
def test_the_code_is_found_where_the_services_put_it(body: Any, code: str) -> None:
    assert azure_error.code_of(Reply(status=400, headers={}, body=body)) == code


def test_words_of_a_plan_count_only_where_a_plan_is_needed() -> None:
    says = "Cost Management supports only these offers; your tenant is not licensed."

    assert isinstance(azure_error.refusal(reply("BadRequest", 400, says), COSTS), PlanMissing)
    assert azure_error.refusal(reply("BadRequest", 400, says), DISKS) is None
    assert azure_error.refusal(reply("BadGateway", 502, "supports only"), COSTS) is None


def test_a_missing_licence_is_a_missing_plan() -> None:
    found = azure_error.refusal(reply("Authentication_RequestFromNonPremiumTenantOrB2CTenant", 403), COSTS)

    assert isinstance(found, PlanMissing)
    assert found.plan == "an offer"


def test_the_action_that_azure_names_is_the_missing_permission() -> None:
    says = (
        "The client does not have authorization to perform action 'Microsoft.Compute/snapshots/read' over scope '/x'."
    )

    found = azure_error.refusal(reply("AuthorizationFailed", 403, says), DISKS)
    other = azure_error.refusal(reply("AuthorizationFailed", 403, "perform action '<b>'"), DISKS)

    assert isinstance(found, PermissionMissing)
    assert isinstance(other, PermissionMissing)
    assert (found.permission, other.permission) == ("Microsoft.Compute/snapshots/read", "disks/read")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        (
            {
                "x-ms-ratelimit-microsoft.costmanagement-entity-retry-after": "12",
                "x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after": "41",
                "x-ms-ratelimit-microsoft.costmanagement-client-retry-after": "soon",
                "retry-after": "7",
            },
            41,
        ),
        ({"x-ms-ratelimit-microsoft.costmanagement-qpu-remaining": "900"}, None),
    ],
)
def test_the_longest_wait_that_is_asked_for_counts(headers: dict[str, str], seconds: int | None) -> None:
    found = azure_error.throttled(reply("TooManyRequests", 429, **headers), COSTS)

    assert found.retry_after == (None if seconds is None else timedelta(seconds=seconds))
