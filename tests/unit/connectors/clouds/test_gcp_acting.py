"""What rules plan for Google Cloud is what the connector can do, and takes the rights that the rules name."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.clouds.gcp import acting, data, meaning, registration, revising
from connectors.rest.paging import Reply
from domain.errors import Rejected
from domain.remediation.remedy import NoPlan
from domain.remediation.step import Call
from domain.rules.registry import all_rules
from domain.rules.rule import Rule

MENDED = [rule for rule in all_rules() if rule.id.startswith("gcp-") and rule.remedy is not None]
NOW = datetime(2026, 6, 1, tzinfo=UTC)
BY_NAME = {one.name: one for one in acting.ACTIONS}


def calls(rule: Rule) -> Iterator[Call]:
    """Every call of every plan of its examples, with looks and undoing."""
    assert rule.remedy is not None
    for example in (one for one in rule.examples if one.is_firing):
        try:
            steps = rule.remedy.plan(example.resource, example.context)
        except NoPlan:
            continue
        for step in steps:
            yield from step.calls
            for undoing in step.undo:
                yield from undoing.calls


@pytest.mark.parametrize("rule", MENDED, ids=lambda rule: rule.id)
def test_every_call_is_known_and_has_what_its_path_takes(rule: Rule) -> None:
    for call in calls(rule):
        operation = registration.REGISTRATION.action(call.operation)
        named = {name.lstrip("+") for name in re.findall(r"\{(.+?)\}", operation.request)} - {"project"}
        revision = operation.options.get("revision")

        assert named <= set(call.arguments)
        assert (revision is not None) == (revising.CHANGE in call.arguments)


@pytest.mark.parametrize("rule", MENDED, ids=lambda rule: rule.id)
def test_a_remedy_names_exactly_the_rights_that_its_calls_take(rule: Rule) -> None:
    needed = {permission for call in calls(rule) for permission in BY_NAME[call.operation].permissions}

    assert rule.remedy is not None
    assert set(rule.remedy.permissions) == needed - set(rule.permissions)


def test_every_action_is_used_by_some_rule() -> None:
    used = {call.operation for rule in MENDED for call in calls(rule)}

    assert {one.name for one in acting.ACTIONS} == used


VIEW, EDIT = "roles/viewer", "roles/editor"
TIMED = {"title": "t", "expression": "e"}
POLICY = {
    "etag": "E",
    "version": 1,
    "bindings": [
        {"role": EDIT, "members": ["user:a", "user:b"]},
        {"role": EDIT, "members": ["user:b"], "condition": TIMED},
    ],
    "auditConfigs": [
        {"service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ", "exemptedMembers": ["user:a"]}]}
    ],
}


def test_a_member_is_taken_out_of_the_one_binding_and_everything_else_is_kept() -> None:
    change = {"remove": [{"role": EDIT, "member": "user:b"}], "add": [{"role": VIEW, "member": "user:b"}]}

    sent = revising.project_policy(POLICY, change, NOW)

    assert sent["updateMask"] == "bindings,etag,auditConfigs"
    assert sent["policy"] == {
        "etag": "E",
        "version": 3,
        "bindings": [
            {"role": EDIT, "members": ["user:a"]},
            {"role": EDIT, "members": ["user:b"], "condition": TIMED},
            {"role": VIEW, "members": ["user:b"]},
        ],
        "auditConfigs": POLICY["auditConfigs"],
    }


def test_a_change_that_is_made_twice_comes_to_the_same_and_an_undone_one_to_what_was() -> None:
    there = {
        "remove": [{"role": EDIT, "member": "user:b", "condition": TIMED}],
        "add": [{"role": EDIT, "member": "user:c"}],
    }
    back = {"remove": there["add"], "add": there["remove"]}

    once = revising.policy(POLICY, there, NOW)

    assert revising.policy(once, there, NOW) == once
    assert revising.policy(once, back, NOW) == {**POLICY, "version": 3}


def test_logs_are_added_beside_those_that_are_there_with_their_exemptions() -> None:
    wanted = [{"service": "allServices", "logTypes": ["DATA_READ", "DATA_WRITE"]}]
    added = [{"service": "allServices", "logTypes": ["DATA_WRITE"]}]

    logged = revising.policy(POLICY, {"log": wanted}, NOW)

    assert logged["auditConfigs"] == [
        {
            "service": "allServices",
            "auditLogConfigs": [
                {"logType": "DATA_READ", "exemptedMembers": ["user:a"]},
                {"logType": "DATA_WRITE"},
            ],
        }
    ]
    assert revising.policy(logged, {"unlog": added}, NOW)["auditConfigs"] == POLICY["auditConfigs"]


def test_first_logs_of_a_policy_are_taken_away_without_a_trace() -> None:
    wanted = [{"service": "allServices", "logTypes": ["ADMIN_READ"]}]
    bare = {"etag": "E", "version": 3, "bindings": []}

    logged = revising.policy(bare, {"log": wanted}, NOW)

    assert revising.policy(logged, {"unlog": wanted}, NOW) == {**bare, "auditConfigs": []}


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ([], "TRUE", [{"key": "k", "value": "TRUE"}]),
        (
            [{"key": "k", "value": "x"}, {"key": "ssh-keys", "value": "s"}],
            "TRUE",
            [{"key": "k", "value": "TRUE"}, {"key": "ssh-keys", "value": "s"}],
        ),
        ([{"key": "k", "value": "x"}, {"key": "ssh-keys", "value": "s"}], None, [{"key": "ssh-keys", "value": "s"}]),
    ],
)
def test_one_entry_of_metadata_is_set_or_taken_out(before: Any, value: Any, after: Any) -> None:
    current = {"commonInstanceMetadata": {"fingerprint": "F", "items": before}}

    assert revising.metadata(current, {"items": {"k": value}}, NOW) == {"fingerprint": "F", "items": after}


@pytest.mark.parametrize(
    ("current", "planned", "sent"),
    [
        (None, None, "2026-08-30T00:00:00Z"),
        ("2026-07-01T00:00:00Z", None, "2026-07-01T00:00:00Z"),
        ("2027-07-01T00:00:00Z", None, "2026-08-30T00:00:00Z"),
        ("2026-07-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-08-30T00:00:00Z"),
    ],
)
def test_the_next_rotation_lies_ahead_and_within_a_period(current: Any, planned: Any, sent: str) -> None:
    change = {"rotationPeriod": "7776000s", "nextRotationTime": planned}

    revised = revising.rotation({"nextRotationTime": current}, change, NOW)

    assert revised == {"rotationPeriod": "7776000s", "nextRotationTime": sent}


def test_a_service_is_revised_without_the_name_of_its_revision() -> None:
    template = {"revision": "r-1", "containers": [{"image": "i", "resources": {"limits": {"cpu": "1"}}}], "scaling": {}}

    sent = revising.processor({"etag": "E", "template": template}, {"cpuIdle": False}, NOW)

    container = {"image": "i", "resources": {"limits": {"cpu": "1"}, "cpuIdle": False}}
    assert sent == {"etag": "E", "template": {"containers": [container], "scaling": {}}}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"errors": [{"code": "QUOTA_EXCEEDED", "message": "No more."}]}}, "QUOTA_EXCEEDED: No more."),
        ({"error": {"code": 9, "message": "Busy."}}, "9: Busy."),
        ({"error": {"errors": []}}, "without a code: no reason given"),
    ],
)
def test_an_operation_that_failed_is_rejected_with_the_code_of_google(body: Any, said: str) -> None:
    failure = meaning.failure(Reply(status=200, headers={}, body=body), BY_NAME["compute.zoneOperations.get"])

    assert isinstance(failure, Rejected)
    assert str(failure).endswith(said)


def test_an_error_in_an_answer_that_is_no_operation_means_nothing() -> None:
    reply = Reply(status=200, headers={}, body={"error": {"code": 9}})

    assert meaning.failure(reply, BY_NAME["storage.buckets.patch"]) is None
    assert meaning.failure(Reply(status=200, headers={}, body={}), BY_NAME["sql.operations.get"]) is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error": {"status": "FAILED_PRECONDITION"}}, "FAILED_PRECONDITION"),
        ({"error": {"errors": [{"reason": "alreadyExists"}]}}, "alreadyExists"),
        ("<html>", ""),
        (None, ""),
    ],
)
def test_the_word_of_a_refusal_is_found_in_both_forms(body: Any, code: str) -> None:
    assert meaning.code(Reply(status=400, headers={}, body=body)) == code


def test_sizes_of_buckets_come_from_one_list_and_are_not_known_for_those_without() -> None:
    (listing,) = (one for one in data.LISTINGS if one.operation is data.BUCKETS)
    (sizes,) = listing.batches
    series = [
        {"resource": {"labels": {"bucket_name": "a"}}, "points": [{"value": {"doubleValue": 12.5}}]},
        {"resource": {"labels": {"bucket_name": "b"}}, "points": [{"value": {"int64Value": "7"}}]},
        {"resource": {"labels": {"bucket_name": "c"}}, "points": []},
    ]

    values = sizes.values([{"name": name} for name in "abcd"], [{"timeSeries": series[:1]}, {"timeSeries": series[1:]}])

    assert values == [12, 7, None, None]
