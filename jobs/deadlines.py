"""What of an organization ends or is owed soon, or was lately: one shape for all that people must not miss."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from beanie import PydanticObjectId

from documents.access_review import AccessReview, due_reviews
from documents.attestation import Attestation, expiring_attestations, is_renewed
from documents.control_exception import ControlException, ending_exceptions
from documents.incident_clock import IncidentClock, due_clocks
from documents.policy import Policy, due_policies
from documents.vendor import Vendor, due_vendors
from domain.compliance.falling_due import told_from
from domain.facts.severity import Severity

PREFIX = "deadline:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """People hear of it from `told_from` on. `control_ids` say something else from `due_at` on.

    `is_owed`: people hear of it until it is done, however late; what merely ends is over then.
    """

    kind: str
    id: PydanticObjectId | None
    org_id: PydanticObjectId
    due_at: datetime
    told_from: datetime
    title: str
    message: str
    control_ids: tuple[str, ...] = ()
    severity: Severity = Severity.MEDIUM
    account_id: PydanticObjectId | None = None
    is_owed: bool = True

    @property
    def fingerprint(self) -> str:
        """Of the thing and its time, so that what was renewed is told of anew and what people put away is not."""
        return f"{PREFIX}{self.kind}:{self.id}:{self.due_at:%Y%m%d%H%M%S}"

    def is_told(self, at: datetime) -> bool:
        """Whether people hear of it now."""
        return self.told_from <= at and (self.is_owed or at < self.due_at)


async def deadlines(at: datetime) -> AsyncIterator[Deadline]:
    """Those of all organizations within two weeks, owed ones that are late, and others that have ended lately."""
    for read, make in _READ:
        for found in await read(at):
            yield await make(found)


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


async def _exception(one: ControlException) -> Deadline:
    what = f"{len(one.resources)} resources" if one.resources else "everything in an account"
    return Deadline(
        kind="exception",
        id=one.id,
        org_id=one.org_id,
        due_at=one.ends_at,
        told_from=told_from(one.ends_at),
        title=f"An exception of {one.control_id} ends soon",
        message=f"It covers {what} until {_time(one.ends_at)}. What still fails then fails the control: mend it, or "
        "ask for another exception with requestControlException.",
        control_ids=(one.control_id,),
        account_id=one.account_id,
        is_owed=False,
    )


async def _attestation(one: Attestation) -> Deadline:
    return Deadline(
        kind="attestation",
        id=one.id,
        org_id=one.org_id,
        due_at=one.expires_at,
        # Nobody need hear of what another statement says already.
        told_from=one.expires_at if await is_renewed(one) else told_from(one.expires_at),
        title=f"A statement for {one.control_id} expires soon",
        message=f"It counts until {_time(one.expires_at)}, and the control fails without another: submit one with "
        f"submitAttestation. It says: {one.statement[:200]}",
        control_ids=(one.control_id,),
        is_owed=False,
    )


async def _policy(one: Policy) -> Deadline:
    assert one.next_review_at is not None  # noqa: S101 - only those are read
    return Deadline(
        kind="policy",
        id=one.id,
        org_id=one.org_id,
        due_at=one.next_review_at,
        told_from=told_from(one.next_review_at),
        title=f"The policy {one.name} must be reviewed",
        message=f"That is due at {_time(one.next_review_at)}: approve the version in force for another time, or a new "
        "one, with approvePolicy.",
        control_ids=("CW-GOV-01",),
    )


async def _vendor(one: Vendor) -> Deadline:
    assert one.next_review_at is not None  # noqa: S101 - only those are read
    return Deadline(
        kind="vendor",
        id=one.id,
        org_id=one.org_id,
        due_at=one.next_review_at,
        told_from=told_from(one.next_review_at),
        title=f"The vendor {one.name} must be reviewed",
        message=f"That is due at {_time(one.next_review_at)}: look at what it has given, and record it with another "
        "nextReviewAt with recordVendor.",
    )


async def _review(one: AccessReview) -> Deadline:
    return Deadline(
        kind="access_review",
        id=one.id,
        org_id=one.org_id,
        due_at=one.due_at,
        told_from=told_from(one.due_at, one.opened_at),
        title=f"The access review {one.name} is due",
        message=f"It is to be done by {_time(one.due_at)}: decide what is open with decideAccess, and close it with "
        "closeAccessReview.",
        control_ids=("CW-IAM-10",),
    )


async def _clock(one: IncidentClock) -> Deadline:
    return Deadline(
        kind="incident_clock",
        id=one.id,
        org_id=one.org_id,
        due_at=one.due_at,
        told_from=told_from(one.due_at, one.started_at),
        title=f"A notice to {one.regime} of {one.incident} is owed",
        message=f"It must be out by {_time(one.due_at)}: send it, and say when with recordIncidentClock.",
        control_ids=("CW-INC-02", "CW-PRV-05"),
        severity=Severity.HIGH,
    )


_READ: tuple[tuple[Callable[[datetime], Awaitable[Sequence[Any]]], Callable[[Any], Awaitable[Deadline]]], ...] = (
    (ending_exceptions, _exception),
    (expiring_attestations, _attestation),
    (due_policies, _policy),
    (due_vendors, _vendor),
    (due_reviews, _review),
    (due_clocks, _clock),
)
