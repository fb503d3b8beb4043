"""Audit entries as OCSF 1.3.0 events, held to the attributes that its classes require."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.audit.ocsf import ACCOUNT_CHANGE, API_ACTIVITY, AUTHENTICATION, event_of

# https://schema.ocsf.io/1.3.0: required attributes of every class, and those of the classes that are used.
BASE = {"activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"}
REQUIRED = {
    ACCOUNT_CHANGE: BASE | {"user"},
    AUTHENTICATION: BASE | {"user"},
    API_ACTIVITY: BASE | {"actor", "api", "src_endpoint"},
}
# The activities that each class knows; 99 is "other".
ACTIVITIES = {
    ACCOUNT_CHANGE: {*range(1, 12), 99},
    AUTHENTICATION: {*range(1, 8), 99},
    API_ACTIVITY: {*range(1, 5), 99},
}
ACTIONS = [
    ("user.sign_in", AUTHENTICATION, 1),
    ("session.sign_out", AUTHENTICATION, 2),
    ("session.start", AUTHENTICATION, 99),
    ("user.register", ACCOUNT_CHANGE, 1),
    ("user.change_password", ACCOUNT_CHANGE, 3),
    ("role.change", ACCOUNT_CHANGE, 99),
    ("account.connect", API_ACTIVITY, 1),
    ("audit.export", API_ACTIVITY, 2),
    ("alert.acknowledge", API_ACTIVITY, 3),
    ("audit.retention", API_ACTIVITY, 4),
    ("account.sync", API_ACTIVITY, 99),
]


def entry(**fields: Any) -> dict[str, Any]:
    return {
        "org_id": "a" * 24,
        "seq": 7,
        "at": datetime(2026, 3, 1, 12, 0, 0, 5000, tzinfo=UTC),
        "action": "account.connect",
        "actor": "user:1",
        "acting_for": None,
        "address": "192.0.2.1",
        "user_agent": "tests",
        "request_id": "request-1",
        "target": "account:2",
        "outcome": "DONE",
        "reason": None,
        "changed": ["name"],
        "before_digest": None,
        "after_digest": "ab",
        "prev_hash": "00",
        "hash": "ff",
        **fields,
    }


@pytest.mark.parametrize(("action", "class_uid", "activity_id"), ACTIONS)
@pytest.mark.parametrize("bare", [False, True])
def test_an_event_has_what_its_class_requires(action: str, class_uid: int, activity_id: int, bare: bool) -> None:
    missing = {"address": None, "user_agent": None, "request_id": None, "target": ""} if bare else {}

    event = event_of(entry(action=action, **missing))

    assert (event["class_uid"], event["activity_id"]) == (class_uid, activity_id)
    assert REQUIRED[class_uid] <= event.keys()
    assert event["activity_id"] in ACTIVITIES[class_uid]
    assert event["category_uid"] == class_uid // 1000
    assert event["type_uid"] == class_uid * 100 + activity_id
    assert event["metadata"]["version"] == "1.3.0"
    assert event["metadata"]["product"]["name"] == "CloudWatcher"
    # An endpoint, a user and a service each need one attribute that tells which.
    assert any(event["src_endpoint"].values())
    assert event["actor"]["user"]["uid"] == "user:1"
    if class_uid == API_ACTIVITY:
        assert event["api"]["operation"] == action
    else:
        assert event["user"]["uid"] == ("user:1" if bare else "account:2")
    assert ("service" in event) == (class_uid == AUTHENTICATION)


def test_time_is_in_milliseconds() -> None:
    assert event_of(entry())["time"] == 1_772_366_400_005


@pytest.mark.parametrize(("outcome", "status"), [("DONE", 1), ("REFUSED", 2), ("FAILED", 2)])
def test_the_status_tells_success_from_failure(outcome: str, status: int) -> None:
    event = event_of(entry(outcome=outcome, reason=None if outcome == "DONE" else "FORBIDDEN"))

    assert event["status_id"] == status
    assert event.get("status_code") == (None if outcome == "DONE" else "FORBIDDEN")


def test_what_has_no_attribute_is_kept_as_it_is() -> None:
    unmapped = event_of(entry(acting_for="organization:3"))["unmapped"]

    assert unmapped["acting_for"] == "organization:3"
    assert unmapped["changed"] == ["name"]
    assert "before_digest" not in unmapped
