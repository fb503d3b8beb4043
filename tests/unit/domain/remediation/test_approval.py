"""Who must approve, and when changes may run."""

from datetime import UTC, datetime

import pytest

from domain.alerting.hours import WeeklyHours
from domain.facts.finding import Risk
from domain.facts.weekday import Weekday
from domain.remediation.approval import ApprovalPolicy, approvers, is_production

MONDAY_NIGHT = datetime(2026, 11, 23, 23, tzinfo=UTC)
NIGHTS = WeeklyHours(days=(Weekday.MONDAY,), begins="22:00", ends="04:00")


def test_everything_needs_one_approval_by_default():
    policy = ApprovalPolicy()

    assert [policy.approvals_of(risk) for risk in Risk] == [1, 1, 1]


def test_no_approval_at_all_cannot_be_set():
    assert ApprovalPolicy(approvals={Risk.LOW: 0}).approvals_of(Risk.LOW) == 1
    assert ApprovalPolicy(approvals={Risk.HIGH: 2}).approvals_of(Risk.MEDIUM) == 1


def test_changes_run_in_their_hours_only():
    policy = ApprovalPolicy(windows=(NIGHTS,))

    assert policy.is_open(MONDAY_NIGHT)
    assert not policy.is_open(MONDAY_NIGHT.replace(hour=12))
    assert ApprovalPolicy().is_open(MONDAY_NIGHT)


@pytest.mark.parametrize(
    ("tags", "of_account", "production"),
    [
        ({}, None, True),
        ({"Environment": "Staging"}, None, False),
        ({"env": "prod"}, {"env": "dev"}, True),
        ({"team": "a"}, {"stage": "sandbox"}, False),
    ],
)
def test_something_is_production_unless_its_tags_say_otherwise(tags, of_account, production):
    assert is_production(tags, of_account) is production


def test_people_count_once_and_for_this_plan_only():
    approvals = [{"by": "a", "plan_hash": "1"}, {"by": "a", "plan_hash": "1"}, {"by": "b", "plan_hash": "2"}]

    assert approvers(approvals, "1") == {"a"}


def test_no_press_in_a_chat_is_an_approval_by_default():
    assert not any(ApprovalPolicy().counts_in_chat(risk, is_production=False) for risk in Risk)


@pytest.mark.parametrize(
    ("up_to", "in_production", "outside"),
    [
        (Risk.LOW, [Risk.LOW], [Risk.LOW]),
        (Risk.MEDIUM, [Risk.LOW, Risk.MEDIUM], [Risk.LOW, Risk.MEDIUM]),
        (Risk.HIGH, [Risk.LOW, Risk.MEDIUM], [Risk.LOW, Risk.MEDIUM, Risk.HIGH]),
    ],
)
def test_a_press_in_a_chat_counts_up_to_a_risk_and_never_at_high_risk_in_production(up_to, in_production, outside):
    policy = ApprovalPolicy(chat_approvals_up_to=up_to)

    assert [risk for risk in Risk if policy.counts_in_chat(risk, is_production=True)] == in_production
    assert [risk for risk in Risk if policy.counts_in_chat(risk, is_production=False)] == outside


def test_what_is_stored_of_a_policy_is_read_again():
    policy = ApprovalPolicy(chat_approvals_up_to=Risk.MEDIUM)

    assert ApprovalPolicy.model_validate(policy.model_dump(mode="json")) == policy
    assert ApprovalPolicy.model_validate({"valid_for": "PT72H"}).chat_approvals_up_to is None


def test_policy_counts_as_nobody():
    assert approvers([{"by": "a", "plan_hash": "1", "via": "policy"}], "1") == set()
