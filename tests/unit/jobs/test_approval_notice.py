"""What a notice says of a plan that waits for an approval, and of what became of it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import pytest
from beanie import PydanticObjectId
from bson import ObjectId

from auth.notice_action import NoticeActions
from documents.remediation import Remediation
from domain.facts.finding import FindingCategory, Risk
from domain.facts.money import Money
from domain.facts.notice import NoticeKind
from domain.facts.remediation import RemediationState
from domain.remediation.remedy import Reversible
from domain.remediation.step import Call, Step
from domain.remediation_plan import Plan
from jobs.approval_notice import Approvals, approvals_said, loss_said, people_of, steps_said
from jobs.context import JobContext
from jobs.notices import Teller
from schema.node import global_id
from tests.factories.remediations import plan_of

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
ORG, ACCOUNT, ASKER, APPROVER = (PydanticObjectId() for _ in range(4))


@dataclass(frozen=True)
class Around:
    """What a teller needs of a worker."""

    public_url: str
    actions: NoticeActions


ACTIONS = NoticeActions([b"k" * 32])
TELLER = Teller(
    cast("JobContext", Around("https://cw.example.com", ACTIONS)), ORG, "Acme", {ObjectId(ACCOUNT): "production"}
)
APPROVALS = Approvals(TELLER, {ASKER: "Kim", APPROVER: "Noor"})


def plan(steps: int = 1, **fields: Any) -> Plan:
    call = Call(operation="ec2.delete_volume")
    made = tuple(Step(name=f"step-{number}", says=f"Do {number}.", call=call) for number in range(steps))
    return plan_of("vol-0123456789").model_copy(
        update={"says": "Deletes the volume.", "reason": "Nothing uses it.", "steps": made, **fields}
    )


def remediation(made: Plan | None = None, **fields: Any) -> Remediation:
    made = made or plan()
    return Remediation.model_construct(
        **{
            "id": PydanticObjectId(),
            "org_id": ORG,
            "account_id": ACCOUNT,
            "resource_native_id": "vol-0123456789",
            "resource_name": "spare",
            "region": "eu-west-1",
            "rule_id": made.rule_id,
            "category": FindingCategory.FINOPS,
            "risk": Risk.MEDIUM,
            "state": RemediationState.PLANNED,
            "requested_by": ASKER,
            "reason": "Paid for in vain.",
            "plan": made.model_dump(mode="json"),
            "plan_hash": made.hash,
            "expires_at": datetime(2026, 11, 28, 9, 30, tzinfo=UTC),
            "is_production": True,
            "approvals_needed": 2,
            "approvals": [],
            "problem": None,
            "cancel_asked_by": None,
            **fields,
        }
    )


def approval(made: Remediation, by: PydanticObjectId = APPROVER) -> dict[str, Any]:
    return {"by": str(by), "plan_hash": made.plan_hash, "via": "slack"}


def test_it_says_what_would_be_done_how_bad_it_may_be_who_asks_and_until_when() -> None:
    made = remediation(
        plan(
            loses="The volume's id.",
            saving=Money(amount=Decimal("8.00"), currency="USD"),
            dependents_count=3,
        )
    )

    notice = APPROVALS.asked(made, NOW, in_chat=False)

    assert (notice.kind, notice.title) == (NoticeKind.APPROVAL, "May this be done to spare?")
    assert notice.message.startswith("Deletes the volume.")
    assert notice.link == f"https://cw.example.com/remediations/{global_id('Remediation', made.id)}"
    assert {line.label: line.text for line in notice.lines} == {
        "Resource": "spare (vol-0123456789)",
        "Account": "production",
        "Region": "eu-west-1",
        "Fault": "Nothing uses it.",
        "Steps": "1: 1. Do 0.",
        "Risk": "MEDIUM, in production",
        "Lost": "The volume's id.",
        "Refers to it": "3",
        "Expected saving": "USD 8.00 a month",
        "Asked by": "Kim",
        "Reason": "Paid for in vain.",
        "Approvals": "2 needed, from somebody else than who asked",
        "Until": "2026-11-28 09:30 UTC",
    }
    assert notice.values["reason"] == "Paid for in vain."
    assert notice.actions == {}


def test_its_buttons_are_bound_to_organization_remediation_and_plan() -> None:
    made = remediation()

    notice = APPROVALS.asked(made, NOW, in_chat=True)

    opened = {name: ACTIONS.open(value, NOW) for name, value in notice.actions.items()}
    assert list(opened) == ["approve", "decline"]
    for name, action in opened.items():
        assert action is not None
        assert (action.name, action.org_id) == (name, str(ORG))
        assert action.subject == f"remediation:{made.id}:{made.plan_hash}"


def test_what_there_is_nothing_to_say_of_has_no_line() -> None:
    made = remediation(requested_by=None, reason="", region=None, expires_at=None, is_production=False)

    lines = {line.label: line.text for line in APPROVALS.asked(made, NOW, in_chat=False).lines}

    assert not {"Region", "Reason", "Expected saving", "Refers to it", "Until"} & set(lines)
    assert lines["Asked by"] == "A policy"
    assert lines["Risk"] == "MEDIUM, outside production"


def test_of_many_steps_the_first_are_told() -> None:
    assert steps_said(plan(steps=3)) == "3: 1. Do 0. 2. Do 1. 3. Do 2."
    assert steps_said(plan(steps=5)) == "5: 1. Do 0. 2. Do 1. 3. Do 2. And 2 more."


@pytest.mark.parametrize(
    ("reversible", "said"),
    [(Reversible.YES, "Nothing: it can be undone."), (Reversible.NO, "It cannot be undone as it was.")],
)
def test_what_cannot_be_undone_is_said_also_where_the_rule_has_no_words_for_it(reversible: str, said: str) -> None:
    assert loss_said(plan(loses="", reversible=reversible)) == said


def test_approvals_of_this_plan_are_counted() -> None:
    made = remediation()
    other = {"by": str(ASKER), "plan_hash": "another"}

    assert approvals_said(made.model_copy(update={"approvals": [approval(made), other]})) == "1 of 2 given"
    assert approvals_said(made.model_copy(update={"approvals": [other]})).startswith("2 needed")


@pytest.mark.parametrize(
    ("state", "problem", "title", "said"),
    [
        (RemediationState.APPROVED, None, "Approved: spare", "It waits for its turn, or has begun."),
        (RemediationState.DONE, None, "Approved: spare", "It waits for its turn, or has begun."),
        (RemediationState.CANCELLED, "Cancelled. Not now.", "Cancelled: spare", "Cancelled. Not now."),
        (RemediationState.EXPIRED, "Nobody did.", "Not approved in time: spare", "Nobody did."),
        (RemediationState.VOID, "It has changed.", "Approved, and not done: spare", "It has changed."),
    ],
)
def test_what_became_of_it_is_told_without_buttons(
    state: RemediationState, problem: str | None, title: str, said: str
) -> None:
    made = remediation(state=state, problem=problem)

    notice = APPROVALS.decided(made, NOW)

    assert (notice.kind, notice.title) == (NoticeKind.DECIDED, title)
    assert notice.message == f"Deletes the volume. {said}"
    assert notice.subject == f"remediation:{made.id}"
    assert notice.actions == {}


def test_who_decided_is_named() -> None:
    made = remediation(state=RemediationState.CANCELLED, cancel_asked_by=ASKER)
    made.approvals = [approval(made), approval(made, PydanticObjectId())]

    lines = {line.label: line.text for line in APPROVALS.decided(made, NOW).lines}

    assert sorted(lines["Approved by"].split(", ")) == ["Noor", "Somebody who is gone"]
    assert lines["Cancelled by"] == "Kim"
    assert {ASKER, APPROVER} < people_of(made)
