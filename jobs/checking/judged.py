"""One procedure judged in one account: what is stored of it, told of it, and kept as evidence of it."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from bson import ObjectId

from documents.alert import AlertCategory, AlertSource, Cause
from documents.check import MOST_ITEMS, AnswerRead, Check, CheckedItem
from documents.sync_read import SyncRead
from domain.compliance.control import Case, Control, Item, Procedure
from domain.compliance.judging import Judgement, judge
from domain.compliance.naming import fingerprint_of
from domain.compliance.standing import Standing, next_check, stand, told
from domain.facts.compliance import CheckStatus, Verdict
from jobs.checking.exemptions import Exempt
from jobs.checking.subject import Subject

# Of their own: they wait for answers, and what reads these may need a thread of the common ones.
_JUDGES = ThreadPoolExecutor(max_workers=2, thread_name_prefix="judge")
NAMED_IN_ALERT = 5
LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class Question:
    """A procedure of a control, to be judged in an account. `before` is what was said last.

    `exempt` is what approved exceptions cover of it.
    """

    control: Control
    procedure: Procedure
    subject: Subject
    before: Check | None
    parameters: Mapping[str, Any]
    exempt: Exempt


@dataclass(frozen=True, slots=True)
class Judged:
    question: Question
    judgement: Judgement
    check: Check


def standing_of(check: Check) -> Standing:
    """How a stored check stands."""
    return Standing(check.status, check.changed_at, check.streak, tuple(check.changes))


async def judged(org_id: ObjectId, question: Question, subjects: Sequence[Subject], now: datetime) -> Judged:
    """Judge it, in a thread: procedures go over all there is of an account. Raises what keeping evidence raises."""
    for subject in subjects:
        subject.calls.touched.clear()
    case = Case(
        answers=question.subject.answers,
        parameters=question.parameters,
        now=now,
        connected=tuple(subject.answers for subject in subjects),
    )
    loop = asyncio.get_running_loop()
    judgement = await loop.run_in_executor(_JUDGES, judge, question.procedure, case, question.exempt.__contains__)
    reads = _looked_at(question, judgement, subjects)
    return Judged(question, judgement, _check(org_id, question, judgement, reads, subjects, now))


def _looked_at(question: Question, judgement: Judgement, subjects: Sequence[Subject]) -> list[AnswerRead]:
    """What the procedure names, what it asked other accounts, and what it missed there."""
    missed = (judgement.problem or "").partition(": ")[0]
    found = []
    for subject in subjects:
        operations = set(subject.calls.touched)
        if missed in subject.answers.unread:
            operations.add(missed)
        if subject is question.subject:
            operations |= set(question.procedure.operations)
        found += [AnswerRead(account_id=subject.account_id, operation=one) for one in sorted(operations)]
    return found


def fingerprint(reads: Iterable[AnswerRead], subjects: Sequence[Subject]) -> str:
    """Of all there is to see for a procedure: what it looked at, and which accounts are connected."""
    by_account: dict[Any, list[Subject]] = {}
    for subject in subjects:
        by_account.setdefault(subject.account_id, []).append(subject)
    seen = [
        [str(read.account_id), read.operation, *(subject.state_of(read.operation) for subject in known)]
        for read in reads
        for known in [by_account.get(read.account_id, [])]
    ]
    return _sha256([seen, sorted(map(str, by_account))])


def _check(
    org_id: ObjectId,
    question: Question,
    judgement: Judgement,
    reads: list[AnswerRead],
    subjects: Sequence[Subject],
    now: datetime,
) -> Check:
    before, control = question.before, question.control
    standing = stand(None if before is None else standing_of(before), judgement.status, now)
    parts = parts_read(reads, subjects)
    evidence = dict.fromkeys(sha256 for part in parts for sha256 in part.evidence)
    key = f"{org_id}:{control.id}:{question.procedure.integration}:{question.subject.account_id}"
    return Check(
        org_id=org_id,
        control_id=control.id,
        integration=question.procedure.integration,
        account_id=question.subject.account_id,
        status=judgement.status,
        counts=dict(judgement.counts),
        items=[_item(item) for item in judgement.items[:MOST_ITEMS]],
        problem=None if judgement.problem is None else judgement.problem[:LONGEST_TEXT],
        judged_at=now,
        changed_at=standing.changed_at,
        version=question.procedure.version,
        parameters=dict(question.parameters),
        exceptions=list(question.exempt.ids),
        evidence=list(evidence),
        sync_ids=list(dict.fromkeys(part.sync_id for part in parts)),
        next_at=next_check(key, control.frequency, now),
        reads=reads,
        fingerprint=fingerprint(reads, subjects),
        streak=standing.streak,
        changes=list(standing.changes),
        told=told(None if before is None else before.told, standing, now),
    )


def parts_read(reads: Iterable[AnswerRead], subjects: Sequence[Subject]) -> list[SyncRead]:
    """The parts of syncs that hold what was looked at, each once."""
    by_account = {subject.account_id: subject for subject in subjects if subject.account is not None}
    parts = [
        part
        for read in reads
        if read.account_id in by_account
        for part in by_account[read.account_id].reads.get(read.operation, ())
    ]
    return list({part.id: part for part in parts}.values())


def _item(item: Item) -> CheckedItem:
    return CheckedItem(
        resource=item.resource[:LONGEST_TEXT],
        verdict=item.verdict,
        observed=item.observed[:LONGEST_TEXT],
        expected=item.expected[:LONGEST_TEXT],
    )


def evidence_record(one: Judged, subjects: Sequence[Subject]) -> dict[str, Any]:
    """What the chain of evidence keeps of it."""
    check, parts = one.check, parts_read(one.check.reads, subjects)
    return {
        "control_id": check.control_id,
        "integration": check.integration.value,
        "account": one.question.subject.answers.account,
        "status": check.status.value,
        "counts": {verdict.value: count for verdict, count in check.counts.items()},
        "items_sha256": _sha256([list(item) for item in one.judgement.items]),
        "evidence": check.evidence,
        "pages": sum(part.pages for part in parts),
        "items": sum(part.items for part in parts),
        "window": {
            "from": min((part.started_at for part in parts), default=check.judged_at),
            "to": max((part.ended_at for part in parts), default=check.judged_at),
        },
        "request_ids": [],
        "version": check.version,
        "parameters": check.parameters,
        "exceptions": [str(id) for id in check.exceptions],
        "problem": check.problem,
        "judged_at": check.judged_at,
        "redactions": dict(sum((Counter(part.redactions) for part in parts), Counter())),
    }


def _sha256(value: Any) -> str:
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()


def cause_of(one: Judged) -> Cause:
    """What the alert of a check that fails, or cannot be made, says."""
    control, check, where = one.question.control, one.check, one.question.subject.name
    failing = [item for item in check.items if item.verdict is Verdict.FAIL]
    is_error = check.told is CheckStatus.ERROR
    return Cause(
        fingerprint=fingerprint_of(control.id, check.integration, check.account_id),
        source=AlertSource.CHECK,
        severity=control.severity,
        category=AlertCategory.COMPLIANCE,
        title=f"{control.id} {control.name}: {'cannot be checked' if is_error else 'fails'} in {where}",
        message=_error(check) if is_error else _failures(failing, check.counts.get(Verdict.FAIL, 0), control),
        account_id=check.account_id,
        resource_native_id=failing[0].resource if len(failing) == 1 and not is_error else None,
    )


def _failures(failing: Sequence[CheckedItem], count: int, control: Control) -> str:
    named = [f"{one.resource}: {one.observed} (expected: {one.expected})" for one in failing[:NAMED_IN_ALERT]]
    more = [f"and {count - len(named)} more"] if count > len(named) else []
    return f"{control.objective} This does not hold for " + "; ".join([*named, *more]) + "."


def _error(check: Check) -> str:
    return f"For a day something that it needs could not be read. {check.problem or ''}".strip()
