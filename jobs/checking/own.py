"""Our own records as an account of its own that controls look at, and what we have written into Slack and Jira."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bson import ObjectId

from documents import drift, filed_record, own_export, own_record, own_register, own_review, sent_record
from documents.account import Account
from documents.audit_key import KeyRing
from documents.audit_segment import anchored_until
from documents.audit_verification import verify_chain
from documents.base import utc_now
from documents.evidence_chain import began_at
from documents.evidence_checkpoint import last_checkpoint
from documents.evidence_verification import EvidenceVerdict, verify_evidence
from domain.compliance.answers import Answers, Call, NotOffered, Unread, calls_of
from domain.compliance.attested import operation_of
from domain.compliance.instants import instant
from domain.compliance.own_records import OPERATIONS
from domain.facts.compliance import Integration
from domain.facts.governance import AttestationKind
from domain.facts.provider import Provider
from domain.facts.scope import Scope
from jobs.checking.shelf import Load, StoredCalls
from jobs.checking.subject import Subject
from jobs.context import JobContext

Rows = list[dict[str, Any]]
NOTHING_YET = "nothing is recorded yet"
_NOT_YET = {
    "platform:drift_events": "no baseline is declared for an account: changes of resources are recorded, but not which "
    "of them have to be settled",
    "platform:patient_pages": "no page of patients is named in the inventory of data; name them with recordDataStore",
}
# As for the queries that verify: about a second. Of raw answers the newest are read, some megabytes.
MOST_CHECKED, MOST_PACKS = 20_000, 20
RECORD = re.compile(r"^records? (\d+)")
TOLD_WITHIN = timedelta(days=30)
_OWN: dict[str, Callable[[Scope, datetime], Awaitable[Rows | None]]] = {
    "platform:access_review_campaigns": own_review.access_review_campaigns,
    "platform:access_review_items": own_review.access_review_items,
    "platform:exercises": own_register.exercises,
    "platform:http_probe": own_register.http_probe,
    "platform:incident_clocks": own_register.incident_clocks,
    "platform:patient_pages": own_register.patient_pages,
    "platform:risk_links": own_register.risk_links,
    "platform:vendor_apps": own_register.vendor_apps,
    "platform:alert_deliveries": own_record.alert_deliveries,
    "platform:anomaly_models": own_record.anomaly_models,
    "platform:budgets": own_record.budgets,
    "platform:check_runs": own_record.check_runs,
    "platform:control_owners": filed_record.control_owners,
    "platform:control_results": own_record.control_results,
    "platform:drift_events": drift.drift_events,
    "platform:exports": own_export.exports,
    "platform:integrations.health": own_record.integration_health,
    "platform:job_runs": own_record.job_runs,
    "platform:policies": filed_record.policies,
    "platform:policy_acknowledgements": filed_record.policy_acknowledgements,
    "platform:sales": own_record.sales,
    "platform:sync_runs": own_record.sync_runs,
}


def own_subjects(context: JobContext, scope: Scope, now: datetime) -> tuple[Subject, Subject]:
    """Our own records, and what people have filed. What is recorded nowhere is not offered."""
    own = {name: partial(_rows, scope, now, read) for name, read in _OWN.items()}
    own["platform:audit_log.verify"] = partial(_audit_log, context, scope, now)
    own["platform:evidence_chain.verify"] = partial(_evidence, context, scope, now)
    filed = {
        operation_of(kind): partial(_rows, scope, now, partial(filed_record.attested, kind)) for kind in AttestationKind
    }
    filed[operation_of(AttestationKind.VENDOR_DOCUMENTS)] = partial(_rows, scope, now, _vendor_documents)
    return (
        _subject(scope, Integration.PLATFORM, own, now),
        _subject(scope, Integration.MANUAL, filed, now),
    )


def _subject(scope: Scope, integration: Integration, own: Mapping[str, Load], now: datetime) -> Subject:
    async def load(operation: str) -> tuple[Call, ...]:
        return await own[operation](operation)

    prefix = f"{integration.value.lower()}:"
    asked = {name for name in OPERATIONS if name.startswith(prefix)}
    missing = frozenset(asked - own.keys())
    calls = StoredCalls(own.keys(), load, asyncio.get_running_loop())
    answers = Answers(
        integration=integration,
        account=scope.only(),
        read_at=now,
        by_operation=calls,
        whole=frozenset(own),
        unread=dict.fromkeys(missing, NOTHING_YET),
        off=missing,
    )
    return Subject(answers, calls)


async def _rows(
    scope: Scope, now: datetime, read: Callable[[Scope, datetime], Awaitable[Rows | None]], operation: str
) -> tuple[Call, ...]:
    """Raises NotOffered where nobody has recorded anything yet: that is no reason to fail."""
    found = await read(scope, now)
    if found is None:
        raise NotOffered(operation, _NOT_YET.get(operation, NOTHING_YET))
    return (calls_of(operation, [found]),)


async def _vendor_documents(scope: Scope, now: datetime) -> Rows | None:
    """What the register says of every vendor; what was stated of one and accepted counts before it."""
    registered = await own_register.vendor_documents(scope, now)
    stated = await filed_record.attested(AttestationKind.VENDOR_DOCUMENTS, scope, now)
    if registered is None and stated is None:
        return None
    by_vendor = {row["vendor"]: row for row in [*(registered or ()), *(stated or ())]}
    return list(by_vendor.values())


async def _audit_log(context: JobContext, scope: Scope, now: datetime, operation: str) -> tuple[Call, ...]:
    keys = KeyRing(key.public for key in context.audit_keys)
    org_id = ObjectId(scope.only())
    verdict = await verify_chain(org_id, keys, at_most=MOST_CHECKED)
    row = {
        "first_sequence": verdict.first_seq,
        "last_sequence": verdict.last_seq,
        "broken_at": None if verdict.broken is None else verdict.broken.seq,
        "anchored_until": await anchored_until(org_id, now) if verdict.is_intact else None,
    }
    return (calls_of(operation, [[row]]),)


async def _evidence(context: JobContext, scope: Scope, now: datetime, operation: str) -> tuple[Call, ...]:
    """The newest part of the chain of evidence, and the checkpoints that vouch for what is before.

    Raises NotOffered before the first record, and Unread where raw answers cannot be looked at.
    """
    org_id = ObjectId(scope.only())
    keys = KeyRing(key.public for key in context.audit_keys)
    found = await verify_evidence(
        org_id, keys, now=now, store=context.pack_store, most_records=MOST_CHECKED, most_packs=MOST_PACKS
    )
    if found.head is None and not found.broken:
        raise NotOffered(operation, NOTHING_YET)
    if found.unread is not None and not found.broken:
        raise Unread(operation, found.unread)
    row = {
        "first_sequence": found.first_seq,
        "last_sequence": found.first_seq + found.records - 1,
        "broken_at": broken_at(found),
        "anchored_until": await _sealed_until(org_id),
    }
    return (calls_of(operation, [[row]]),)


def broken_at(found: EvidenceVerdict) -> int | None:
    """The first record that is named as wrong, or the first that was looked at where something else is."""
    named = [int(number[1]) for _, place, _ in found.breaks if (number := RECORD.match(place))]
    return min(named, default=found.first_seq) if found.broken else None


async def _sealed_until(org_id: ObjectId) -> datetime | None:
    """The time of the last checkpoint; before the first one, that of the first record, before which there is none."""
    last = await last_checkpoint(org_id)
    if last is not None:
        return instant(last["at"])
    return await began_at(org_id)


def written_by_us(account: Account) -> dict[str, Load]:
    """What we have written into a connected Slack or Jira, by the call we have written it with."""
    if account.provider is Provider.SLACK:
        return {"chat.postMessage": partial(_messages, account)}
    if account.provider is Provider.JIRA:
        return {
            "POST /rest/api/3/issue": partial(_issues, account, sent_record.issues_opened),
            "POST /rest/api/3/issue/{issueIdOrKey}/transitions": partial(_issues, account, sent_record.issues_moved),
        }
    return {}


async def _messages(account: Account, operation: str) -> tuple[Call, ...]:
    rows = await sent_record.messages_posted(account.org_id, utc_now() - TOLD_WITHIN)
    return (calls_of(operation, [rows]),)


async def _issues(
    account: Account, read: Callable[[ObjectId, ObjectId | None], Awaitable[Rows]], operation: str
) -> tuple[Call, ...]:
    return (calls_of(operation, [await read(account.org_id, account.id)]),)
