"""The audit log: who did what, from where, and how it ended. Entries are added by `documents.transaction`, only."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from beanie import PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.base import TenantDocument
from domain.audit.canonical import changed_fields, digest

# The chain of the installation itself, for what concerns no organization: a failed sign-in with an unknown address.
INSTALLATION = PydanticObjectId("000000000000000000000000")


class Outcome(StrEnum):
    DONE = "DONE"
    REFUSED = "REFUSED"
    FAILED = "FAILED"


_NEWEST_FIRST = (("at", DESCENDING), ("seq", DESCENDING), ("_id", DESCENDING), ("outcome", ASCENDING))


class AuditEntry(TenantDocument):
    """One link of an organization's chain; `seq` counts from 1 without gaps.

    `hash` is SHA-256 over the canonical JSON of all fields named in `domain.audit.canonical.FIELDS`, where the exact
    form is stated; `prev_hash` is the hash of the entry before. `_id` is the first 24 hex digits of `hash`,
    `created_at` equals `at`. `target` says what it was done to, as noun:id. `before_digest` and `after_digest` are
    SHA-256 of what the target was and became, None where there was nothing.
    """

    noun: ClassVar[str] = "audit entry"

    seq: int
    at: datetime
    action: str
    actor: str
    acting_for: str | None = None
    address: str | None = None
    user_agent: str | None = None
    request_id: str | None = None
    target: str
    outcome: Outcome
    reason: str | None = None
    changed: list[str] = Field(default_factory=list)
    before_digest: str | None = None
    after_digest: str | None = None
    prev_hash: str
    hash: str

    class Settings:
        name = "audit"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("seq", ASCENDING)], unique=True, name="org_seq"),
            IndexModel([("org_id", ASCENDING), *_NEWEST_FIRST], name="org_newest"),
            IndexModel([("org_id", ASCENDING), ("actor", ASCENDING), *_NEWEST_FIRST], name="org_actor_newest"),
            IndexModel([("org_id", ASCENDING), ("action", ASCENDING), *_NEWEST_FIRST], name="org_action_newest"),
            IndexModel([("org_id", ASCENDING), ("target", ASCENDING), *_NEWEST_FIRST], name="org_target_newest"),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who does what, and from where. `action` is noun.verb, `actor` kind:id such as user:<24 hex digits>.

    `acting_for` is on whose behalf, None for one's own. `providers` names, by organization, the provider as whose
    administrator the actor works there; in those organizations that is whom they act for.
    """

    action: str
    actor: str
    acting_for: str | None = None
    address: str | None = None
    user_agent: str | None = None
    request_id: str | None = None
    providers: Mapping[str, str] = field(default_factory=dict)

    def acting_for_in(self, org_id: object) -> str | None:
        """On whose behalf the actor acts in this organization."""
        provider = self.providers.get(str(org_id))
        return self.acting_for if provider is None else f"organization:{provider}"


current_act: ContextVar[Act | None] = ContextVar("current_act", default=None)


@contextmanager
def acting(act: Act) -> Iterator[None]:
    """Within, every transaction is this act, and must say with `tx.audit` what it changes."""
    token = current_act.set(act)
    try:
        yield
    finally:
        current_act.reset(token)


@contextmanager
def acting_as(actor: str) -> Iterator[None]:
    """Within, the current act is that of `actor`, who has shown who they are since it began.

    Raises RuntimeError when nobody is acting.
    """
    act = current_act.get()
    if act is None:
        raise RuntimeError("Nobody acts, so nobody can turn out to be somebody.")
    with acting(replace(act, actor=actor)):
        yield


def drafted(
    org_id: object,
    target: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    outcome: Outcome,
    reason: str | None,
) -> dict[str, Any]:
    """An entry of the current act, without its place in a chain. Raises RuntimeError when nobody is acting."""
    act = current_act.get()
    if act is None:
        raise RuntimeError("Something is audited, and nobody acts: say who with documents.audit.acting.")
    return {
        "action": act.action,
        "actor": act.actor,
        "acting_for": act.acting_for_in(org_id),
        "address": act.address,
        "user_agent": act.user_agent,
        "request_id": act.request_id,
        "target": target,
        "outcome": outcome.value,
        "reason": reason,
        "changed": changed_fields(before, after),
        "before_digest": None if before is None else digest(before),
        "after_digest": None if after is None else digest(after),
    }
