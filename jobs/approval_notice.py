"""What people are told of a plan that waits for an approval, and of what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bson import ObjectId

from auth.notice_action import NoticeAction
from documents.remediation import Remediation
from domain.facts.notice import Notice, NoticeKind, NoticeLine
from domain.facts.remediation import RemediationState
from domain.remediation.approval import approvers
from domain.remediation.remedy import Reversible
from domain.remediation_plan import Plan
from jobs.notices import Teller, global_id

S = RemediationState
STEPS_SHOWN = 3
# What is told of a plan that waits no more; one that has gone on since was approved.
OUTCOMES = {
    S.CANCELLED: "Cancelled: {}",
    S.EXPIRED: "Not approved in time: {}",
    S.VOID: "Approved, and not done: {}",
}
APPROVED = "Approved: {}"


@dataclass(frozen=True)
class Approvals:
    """Writes these notices. `teller` knows the organization and the account, `people` are names by id."""

    teller: Teller
    people: Mapping[ObjectId, str] = field(default_factory=dict)

    def asked(self, remediation: Remediation, at: datetime, *, in_chat: bool) -> Notice:
        """What would be done. With `in_chat` it has buttons, where the channel shows them."""
        said = self._plan_said(remediation, remediation.planned)
        return self._notice(
            NoticeKind.APPROVAL,
            remediation,
            at,
            title=f"May this be done to {remediation.resource_name}?",
            message=f"{remediation.planned.says} Read the whole plan in CloudWatcher before you decide.",
            said=said,
            actions={name: self._sealed(name, remediation, at) for name in ("approve", "decline")} if in_chat else {},
        )

    def decided(self, remediation: Remediation, at: datetime) -> Notice:
        """What became of it."""
        says = remediation.problem if remediation.state in OUTCOMES else "It waits for its turn, or has begun."
        said = self._thing_said(remediation) | {
            "approved_by": ("Approved by", ", ".join(self._approvers(remediation))),
            "cancelled_by": ("Cancelled by", self.people.get(remediation.cancel_asked_by or ObjectId(), "")),
        }
        return self._notice(
            NoticeKind.DECIDED,
            remediation,
            at,
            title=OUTCOMES.get(remediation.state, APPROVED).format(remediation.resource_name),
            message=f"{remediation.planned.says} {says or ''}".strip(),
            said=said,
        )

    def _notice(
        self,
        kind: NoticeKind,
        remediation: Remediation,
        at: datetime,
        *,
        title: str,
        message: str,
        said: Mapping[str, tuple[str, str]],
        actions: Mapping[str, str] | None = None,
    ) -> Notice:
        told = {name: (label, text) for name, (label, text) in said.items() if text}
        link = self.teller.link("remediations", "Remediation", remediation.id)
        return Notice(
            kind=kind,
            subject=subject_of(remediation),
            title=title,
            message=message,
            organization=self.teller.organization,
            at=at,
            link=link,
            lines=tuple(NoticeLine(label=label, text=text) for label, text in told.values()),
            values={**{name: text for name, (_, text) in told.items()}, "link": link},
            actions=dict(actions or {}),
            payload=_payload(kind, remediation, link),
        )

    def _plan_said(self, remediation: Remediation, plan: Plan) -> dict[str, tuple[str, str]]:
        """Name to (label, text); what there is nothing to say of is empty."""
        saving = plan.saving
        return {
            **self._thing_said(remediation),
            "fault": ("Fault", plan.reason),
            "steps": ("Steps", steps_said(plan)),
            "risk": ("Risk", f"{remediation.risk}, {'in' if remediation.is_production else 'outside'} production"),
            "loses": ("Lost", loss_said(plan)),
            "dependents": ("Refers to it", str(plan.dependents_count) if plan.dependents_count else ""),
            "saving": ("Expected saving", f"{saving.currency} {saving.amount} a month" if saving else ""),
            "asked_by": ("Asked by", self._asker(remediation)),
            "reason": ("Reason", remediation.reason),
            "approvals": ("Approvals", approvals_said(remediation)),
            "until": ("Until", f"{remediation.expires_at:%Y-%m-%d %H:%M} UTC" if remediation.expires_at else ""),
        }

    def _thing_said(self, remediation: Remediation) -> dict[str, tuple[str, str]]:
        name, native_id = remediation.resource_name, remediation.resource_native_id
        return {
            "resource": ("Resource", native_id if name == native_id else f"{name} ({native_id})"),
            "account": ("Account", self.teller.accounts.get(remediation.account_id, "")),
            "region": ("Region", remediation.region or ""),
        }

    def _asker(self, remediation: Remediation) -> str:
        if remediation.requested_by is None:
            return "A policy"
        return self.people.get(remediation.requested_by, "Somebody who is gone")

    def _approvers(self, remediation: Remediation) -> list[str]:
        ids = sorted(approvers(remediation.approvals, remediation.plan_hash or ""))
        return [self.people.get(ObjectId(id), "Somebody who is gone") for id in ids]

    def _sealed(self, name: str, remediation: Remediation, at: datetime) -> str:
        subject = f"{subject_of(remediation)}:{remediation.plan_hash}"
        return self.teller.context.actions.seal(NoticeAction(name, subject, str(self.teller.org_id)), at)


def subject_of(remediation: Remediation) -> str:
    """What messages about it are about, so that they stand in one thread."""
    return f"remediation:{remediation.id}"


def people_of(remediation: Remediation) -> set[ObjectId]:
    """Whose names are told."""
    ids = {remediation.requested_by, remediation.cancel_asked_by}
    return {id for id in ids if id is not None} | {ObjectId(one["by"]) for one in remediation.approvals}


def steps_said(plan: Plan) -> str:
    """How many there are, and the first of them in words."""
    first = " ".join(f"{number}. {step.says}" for number, step in enumerate(plan.steps[:STEPS_SHOWN], 1))
    more = len(plan.steps) - STEPS_SHOWN
    return f"{len(plan.steps)}: {first}" + (f" And {more} more." if more > 0 else "")


def loss_said(plan: Plan) -> str:
    """What taking it back would not bring again."""
    if plan.loses:
        return plan.loses
    return "Nothing: it can be undone." if plan.reversible is Reversible.YES else "It cannot be undone as it was."


def approvals_said(remediation: Remediation) -> str:
    """How many are needed, and how many there are."""
    given, needed = len(approvers(remediation.approvals, remediation.plan_hash or "")), remediation.approvals_needed
    return f"{given} of {needed} given" if given else f"{needed} needed, from somebody else than who asked"


def _payload(kind: NoticeKind, remediation: Remediation, link: str) -> dict[str, Any]:
    return {
        "type": "remediation",
        "kind": kind.value,
        "id": global_id("Remediation", remediation.id),
        "organization_id": global_id("Organization", remediation.org_id),
        "account_id": global_id("Account", remediation.account_id),
        "link": link,
        "state": remediation.state.value,
        "rule_id": remediation.rule_id,
        "risk": remediation.risk.value,
        "plan_hash": remediation.plan_hash,
        "approvals_needed": remediation.approvals_needed,
        "resource_native_id": remediation.resource_native_id,
        "expires_at": remediation.expires_at.isoformat() if remediation.expires_at else None,
    }
