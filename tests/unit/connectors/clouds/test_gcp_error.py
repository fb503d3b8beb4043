"""What Google's refusals mean."""

from datetime import timedelta
from typing import Any

import pytest

from connectors.clouds.gcp import compute, meaning
from connectors.rest.paging import Reply
from domain.errors import PermissionMissing, PlanMissing, Throttled


def reply(status: int, *details: Any, message: str = "No.", headers: dict[str, str] | None = None) -> Reply:
    body = {"error": {"code": status, "message": message, "details": list(details)}}
    return Reply(status=status, headers=headers or {}, body=body)


def older(status: int, reason: str, message: str = "No.") -> Reply:
    body = {"error": {"code": status, "message": message, "errors": [{"reason": reason, "domain": "global"}, "odd"]}}
    return Reply(status=status, headers={}, body=body)


def info(reason: str, **metadata: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "metadata": metadata}


@pytest.mark.parametrize(
    ("answer", "plan"),
    [
        (reply(403, info("SERVICE_DISABLED", service="run.googleapis.com")), "the API run.googleapis.com"),
        (older(403, "accessNotConfigured"), "the API compute.googleapis.com"),
        (reply(403, info("BILLING_DISABLED")), "billing for the project"),
    ],
)
def test_what_is_not_switched_on_is_named(answer: Reply, plan: str) -> None:
    error = meaning.refusal(answer, compute.DISKS)

    assert isinstance(error, PlanMissing)
    assert error.plan == plan


@pytest.mark.parametrize(
    ("answer", "permission"),
    [
        (reply(403, info("IAM_PERMISSION_DENIED", permission="compute.disks.get")), "compute.disks.get"),
        (older(403, "forbidden", "Required 'compute.disks.list' permission for 'projects/p1'"), "compute.disks.list"),
        (reply(403, message="Permission 'compute.disks.use' denied on resource"), "compute.disks.use"),
        (reply(403, message="Permission denied."), "compute.disks.list"),
        (reply(403, "odd", info("ACCESS_TOKEN_SCOPE_INSUFFICIENT", permission="x.y.z")), "compute.disks.list"),
        (Reply(status=403, headers={}, body="<html>"), "compute.disks.list"),
        (Reply(status=403, headers={}, body={"error": {"details": "odd", "errors": "odd"}}), "compute.disks.list"),
    ],
)
def test_the_missing_permission_is_named(answer: Reply, permission: str) -> None:
    error = meaning.refusal(answer, compute.DISKS)

    assert isinstance(error, PermissionMissing)
    assert error.permission == permission


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (reply(429, {"retryDelay": "13.5s"}), timedelta(seconds=13.5)),
        (reply(429, {"retryDelay": "soon"}, headers={"retry-after": "7"}), timedelta(seconds=7)),
        (reply(429), None),
        (older(403, "rateLimitExceeded"), None),
        (reply(403, info("RATE_LIMIT_EXCEEDED")), None),
    ],
)
def test_too_many_calls_are_told_with_how_long_to_wait(answer: Reply, wait: timedelta | None) -> None:
    error = meaning.refusal(answer, compute.DISKS)

    assert isinstance(error, Throttled)
    assert error.retry_after == wait


@pytest.mark.parametrize("status", [400, 401, 404, 500])
def test_other_refusals_mean_what_their_status_says(status: int) -> None:
    assert meaning.refusal(reply(status), compute.DISKS) is None
