"""Made-up resources, findings and alerts that name each other; runs in processes of its own."""

import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import bson
from bson import Decimal128, Int64, ObjectId

from bench.bulk import Ids, Template, inserted, raw_collection
from domain.facts.finding import FindingCategory
from domain.findings_priority import priority_of
from domain.rules.registry import all_rules
from domain.rules.rule import Rule

# How many findings lie on one resource.
FINDINGS_EACH = 4
SAVING = Decimal("12.50")
_NUMBER = "@NUMBER@"
_ID, _FINDING, _RESOURCE = (
    ObjectId(bytes([255, 254, 253, 252, 251, 250, 249, 248, 247, 246, 245, n])) for n in (1, 2, 3)
)
_AT = Int64(0x7766554433221100)
_int64 = struct.Struct("<q").pack
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class Holder:
    """What one organization gets: `alerts` of them, spread over its accounts."""

    org_id: ObjectId
    account_ids: Sequence[ObjectId]
    alerts: int
    first: int


@dataclass(frozen=True, slots=True)
class AlertsJob:
    """Organizations that one process serves. The ids are those of `Ids.of(number)`, numbers counting over all jobs."""

    url: str
    database: str
    holders: Sequence[Holder]
    resources: Ids
    findings: Ids
    alerts: Ids
    now: datetime


def store_alerts(job: AlertsJob) -> dict[ObjectId, Counter[str]]:
    """Store everything; returns by organization what its tally grows by: counts, and savings in cents."""
    tallies: dict[ObjectId, Counter[str]] = {}
    for name, documents in (("resources", _resources), ("findings", _findings), ("alerts", _alerts)):
        stored = (one for holder in job.holders for one in documents(job, holder))
        inserted(raw_collection(job.url, job.database, name), stored)
    for holder in job.holders:
        tallies[holder.org_id] = _tally(holder)
    return tallies


@cache
def rules() -> tuple[Rule, ...]:
    return all_rules()


def _rule_of(number: int) -> Rule:
    # Rules of one resource differ, as the findings of a resource are one per rule.
    return rules()[number % FINDINGS_EACH * 2 % len(rules())]


def _kind(number: int) -> int:
    return number % FINDINGS_EACH


def _is_open(number: int) -> bool:
    return number % 10 < 8


def _tally(holder: Holder) -> Counter[str]:
    tally: Counter[str] = Counter()
    for number in range(holder.first, holder.first + holder.alerts):
        if _is_open(number):
            rule = _rule_of(number)
            tally[f"open_alerts.{rule.severity}"] += 1
            tally[f"open_findings.{rule.severity}"] += 1
            if rule.category is FindingCategory.FINOPS:
                tally["saving.USD"] += int(SAVING * 100)
    return tally


def _account_of(holder: Holder, number: int) -> ObjectId:
    return holder.account_ids[number // FINDINGS_EACH % len(holder.account_ids)]


def _resource_number(number: int) -> int:
    return number // FINDINGS_EACH


def _resources(job: AlertsJob, holder: Holder) -> Iterator[Any]:
    templates = {
        account: Template(
            bson.encode(
                {
                    "_id": _ID,
                    "org_id": holder.org_id,
                    "account_id": account,
                    "kind": _rule_of(0).applies_to.value,
                    "native_id": f"res-{_NUMBER}",
                    "name": f"resource {_NUMBER}",
                    "region": "us-east-1",
                    "tags": {"team": "web"},
                    "config": {"Size": 100},
                    "first_seen_at": job.now,
                    "last_seen_at": job.now,
                    "changed_at": None,
                    "is_gone": False,
                    "created_at": job.now,
                }
            ),
            {"id": _ID.binary, "number": _NUMBER.encode()},
        )
        for account in holder.account_ids
    }
    last = holder.first + holder.alerts
    for number in range(holder.first, last, FINDINGS_EACH):
        resource = _resource_number(number)
        values = {b"id": job.resources.of(resource), b"number": b"%08d" % resource}
        yield templates[_account_of(holder, number)].filled(values)


def _findings(job: AlertsJob, holder: Holder) -> Iterator[Any]:
    @cache
    def template(account: ObjectId, kind: int, is_open: bool) -> Template:
        rule = _rule_of(kind)
        saving = Decimal128(SAVING) if rule.category is FindingCategory.FINOPS else None
        document = {
            "_id": _ID,
            "org_id": holder.org_id,
            "account_id": account,
            "rule_id": rule.id,
            "resource_native_id": f"res-{_NUMBER}",
            "resource_id": _RESOURCE,
            "region": "us-east-1",
            "category": rule.category.value,
            "severity": rule.severity.value,
            "severity_rank": rule.severity.rank,
            "priority": priority_of(rule, None if saving is None else SAVING),
            "title": rule.title,
            "reason": f"Resource {_NUMBER} is as it should not be.",
            "observed": {"Size": 100},
            "saving_amount": saving,
            "saving_currency": None if saving is None else "USD",
            "saving_formula": None if saving is None else "100 GiB * 0.125",
            "state": "OPEN" if is_open else "RESOLVED",
            "opened_at": _AT,
            "last_seen_at": job.now,
            "resolved_at": None if is_open else job.now,
            "created_at": job.now,
        }
        return _timed(document, "opened_at", {"id": _ID, "resource": _RESOURCE})

    for number in range(holder.first, holder.first + holder.alerts):
        resource = _resource_number(number)
        yield template(_account_of(holder, number), _kind(number), _is_open(number)).filled(
            {
                b"id": job.findings.of(number),
                b"resource": job.resources.of(resource),
                b"number": b"%08d" % resource,
                b"at": _moment(job, number),
            }
        )


def _alerts(job: AlertsJob, holder: Holder) -> Iterator[Any]:
    @cache
    def template(account: ObjectId, kind: int, is_open: bool) -> Template:
        rule = _rule_of(kind)
        document = {
            "_id": _ID,
            "org_id": holder.org_id,
            "fingerprint": f"finding:{account}:{rule.id}:res-{_NUMBER}",
            "source": "FINDING",
            "severity": rule.severity.value,
            "title": f"{rule.title}: resource {_NUMBER}",
            "message": f"Resource {_NUMBER} is as it should not be.",
            "state": "OPEN" if is_open else "RESOLVED",
            "account_id": account,
            "finding_id": _FINDING,
            "budget_id": None,
            "raised_at": _AT,
            "acknowledged_at": None,
            "resolved_at": None if is_open else job.now,
            "times_raised": 1,
            "version": 1,
            "created_at": job.now,
        }
        return _timed(document, "raised_at", {"id": _ID, "finding": _FINDING})

    for number in range(holder.first, holder.first + holder.alerts):
        yield template(_account_of(holder, number), _kind(number), _is_open(number)).filled(
            {
                b"id": job.alerts.of(number),
                b"finding": job.findings.of(number),
                b"number": b"%08d" % _resource_number(number),
                b"at": _moment(job, number),
            }
        )


def _timed(document: dict[str, Any], field: str, ids: dict[str, ObjectId]) -> Template:
    """A template with a time in this field; a number stands there first, of the same size under another type."""
    text = bson.encode(document)
    number, time = (kind + field.encode() + b"\x00" + _int64(_AT) for kind in (b"\x12", b"\x09"))
    assert text.count(number) == 1
    marks = {name: id.binary for name, id in ids.items()}
    return Template(text.replace(number, time), {**marks, "number": _NUMBER.encode(), "at": _int64(_AT)})


def _moment(job: AlertsJob, number: int) -> bytes:
    """Spread over the month before now, no two alike in order and number."""
    return _int64((job.now - _EPOCH) // _MILLISECOND - number * 7919 % 2_592_000_000)
