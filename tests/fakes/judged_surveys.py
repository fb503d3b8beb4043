"""What a survey of a stand-in has collected, as controls look at it, and what they say of it.

No database is needed: answers are packed and taken out of the packs as a sync and a round of checks do it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

import orjson

from connectors.reading.listing import Listing
from connectors.reading.source import Registration
from documents.evidence import StoredAnswer
from documents.sync_read import ReadState, stored_gaps
from domain.compliance.answers import Answers, Call
from domain.compliance.control import Case
from domain.compliance.judging import Judgement, judge
from domain.compliance.registry import all_controls, bundled_controls
from domain.facts.compliance import Integration
from jobs.checking.coverage import Coverage, RunReads, cover, other_names
from jobs.evidence_packer import EvidencePacker
from tests.fakes.collecting import NOW, Collected


def answers_of(
    registration: Registration, listings: Sequence[Listing], collected: Collected, account: str, now: datetime = NOW
) -> Answers:
    """What was read of an account by these listings, as the store would give it back."""
    named = other_names(registration.operations)
    coverage = _coverage(listings, collected, now)
    coverage.name_too(named)
    calls = _calls(collected)
    return Answers(
        integration=Integration(registration.provider.value),
        account=account,
        read_at=now,
        by_operation={**calls, **{other: calls[name] for other, name in named.items() if name in calls}},
        whole=frozenset(coverage.whole),
        unread=coverage.unread,
        off=frozenset(coverage.off),
    )


def judged_by_all(answers: Answers, now: datetime = NOW, *others: Answers) -> dict[str, Judgement]:
    """What the procedure of each control and check of a bundle for this system says, by the control's id."""
    found = {}
    for control in (*all_controls(), *bundled_controls()):
        case = Case(answers=answers, parameters=control.parameters, now=now, connected=(answers, *others))
        for procedure in control.procedures:
            if procedure.integration is answers.integration:
                found[control.id] = judge(procedure, case)
    return found


def judge_survey(registration: Registration, listings: Sequence[Listing], collected: Collected, account: str) -> None:
    """Have every control judge it; whoever listens to them hears what they say."""
    if registration.provider.value in Integration.__members__:
        judged_by_all(answers_of(registration, listings, collected, account))


def _coverage(listings: Sequence[Listing], collected: Collected, now: datetime) -> Coverage:
    reads = tuple(
        SimpleNamespace(
            operation=key.operation,
            region=key.region,
            state=ReadState.INCOMPLETE if gaps else ReadState.COMPLETE,
            gaps=stored_gaps(gaps),
            started_at=now,
        )
        for key, gaps in collected.parts.items()
    )
    run = cast("RunReads", SimpleNamespace(run=SimpleNamespace(with_costs=True, unread=[]), reads=reads))
    return cover(listings, run, run, oldest=now, oldest_of_costs=now)


def _calls(collected: Collected) -> Mapping[str, tuple[Call, ...]]:
    """The answers without what may not be kept, each call with its pages in their order."""
    pages: defaultdict[tuple[str, str, bytes], dict[int, StoredAnswer]] = defaultdict(dict)
    with closing(EvidencePacker()) as packer:
        for raw in collected.answers:
            packer.add(raw)
        for one in (StoredAnswer(*entry) for pack in packer.packs() for entry in orjson.loads(pack)):
            key = orjson.dumps(one.arguments, option=orjson.OPT_SORT_KEYS)
            pages[one.operation, one.region or "", key][one.page] = one
    found: defaultdict[str, list[Call]] = defaultdict(list)
    for (operation, _, _), answers in sorted(pages.items()):
        found[operation].append(_call(operation, [answers[number] for number in sorted(answers)]))
    return {operation: tuple(calls) for operation, calls in found.items()}


def _call(operation: str, pages: Sequence[StoredAnswer]) -> Call:
    answers: tuple[Any, ...] = tuple(one.answer for one in pages)
    return Call(operation=operation, region=pages[0].region, arguments=pages[0].arguments, pages=answers)
