"""Policies are approved, current and acknowledged."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.own_rows import own_rows
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

POLICIES, READERS, PEOPLE = "platform:policies", "platform:policy_acknowledgements", "GET /api/v1/users"
APPROVED_WITHIN, REVIEW_SOON = timedelta(days=365), timedelta(days=30)


def _platform(case: Case) -> Iterator[Item]:
    readers = {row["policy"]: row for row in case.answers.items(READERS)}
    for policy in case.answers.items(POLICIES):
        if policy["is_required"]:
            yield _approval(policy, case)
            yield _reading(policy["policy"], readers.get(policy["policy"]), case)


def _approval(policy: dict[str, Any], case: Case) -> Item:
    name, approved, review = policy["policy"], policy["approved_at"], policy["next_review_at"]
    wanted = "approved within 365 days, its next review set and not overdue"
    if not (approved and policy["approved_by"] and review):
        return failed(name, "not approved, or no next review set", wanted)
    seen = f"version {policy['version']} approved {approved:%Y-%m-%d}, review due {review:%Y-%m-%d}"
    if case.now - approved > APPROVED_WITHIN or review < case.now:
        return failed(name, seen, wanted)
    return (
        warned(name, seen, "review not due within 30 days") if review - case.now <= REVIEW_SOON else passed(name, seen)
    )


def _reading(policy: str, row: dict[str, Any] | None, case: Case) -> Item:
    wanted = f"acknowledged by {case.parameters['pass_ratio']:.0%}"
    if row is None or not row["required"]:
        return failed(policy, "nobody is asked to acknowledge it", wanted)
    ratio, seen = row["acknowledged"] / row["required"], f"{row['acknowledged']} of {row['required']} acknowledged it"
    if ratio >= case.parameters["pass_ratio"]:
        return passed(policy, seen)
    return (warned if ratio >= case.parameters["warn_ratio"] else failed)(policy, seen, wanted)


def _okta(case: Case) -> Iterator[Item]:
    asked = [frozenset(map(str.lower, row["required_emails"])) for row in own_rows(case, READERS)]
    everywhere = frozenset.intersection(*asked) if asked else frozenset()
    for person in case.answers.items(PEOPLE):
        if person["status"] == "ACTIVE":
            email = person["profile"]["email"].lower()
            yield _counted(email) if email in everywhere else failed(email, "not asked", "asked to read every policy")
    active = {one["profile"]["email"].lower() for one in _everybody(case) if one["status"] == "ACTIVE"}
    for email in sorted(frozenset().union(*asked) - active):
        yield failed(
            email, "asked to read policies, but not an active person in Okta", "active people are counted only"
        )


def _counted(email: str) -> Item:
    return passed(email, "asked to read every policy")


def _everybody(case: Case) -> list[Any]:
    return [one for answers in case.of(Integration.OKTA) for one in answers.items(PEOPLE)]


CONTROL = Control(
    id="CW-GOV-01",
    name="Policies are approved, current and acknowledged",
    category="governance",
    severity=Severity.MEDIUM,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.WORKFLOW_RECORD,
    criteria=("CC1.1", "CC2.2", "CC5.3"),
    objective="Rules are written, signed off each year and read by the people they bind.",
    owner_role="compliance",
    parameters={"pass_ratio": 0.98, "warn_ratio": 0.9},
    procedures=(
        Procedure(
            integration=Integration.PLATFORM,
            scope="organization",
            operations=("platform:policies", "platform:policy_acknowledgements"),
            passes=(
                "Every required policy was approved within 365 days, and at least pass_ratio of the people it is "
                "for have acknowledged it."
            ),
            warns="A review is due within 30 days, or at least warn_ratio of the people have acknowledged it.",
            fails="A policy is not approved or overdue, or fewer than warn_ratio of the people have acknowledged it.",
            judge=_platform,
        ),
        Procedure(
            integration=Integration.OKTA,
            scope="organization",
            operations=("GET /api/v1/users",),
            passes="The people asked to acknowledge policies are exactly the active people in Okta.",
            fails="An active person is not asked to acknowledge a policy, or somebody is asked who is not active.",
            judge=_okta,
        ),
    ),
)
