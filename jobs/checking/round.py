"""One round over an organization: what is due, has other answers than last time, or was asked for, is judged."""

import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo.errors import PyMongoError

from documents.account import CONNECTED_STATES, Account
from documents.alert import resolve_alerts
from documents.check import Check, checks_of, forget_checks
from documents.check_round import drop_round, keep_round, take_round
from documents.compliance_settings import controls_in_force, parameters_in_force
from documents.control_state import forget_controls, roll_up_controls
from documents.score_day import record_scores
from documents.transaction import Transaction
from domain.compliance.control import Control, Procedure
from domain.compliance.naming import fingerprint_of
from domain.compliance.standing import HOLDS_AFTER, is_due
from domain.facts.compliance import Integration
from domain.facts.scope import Scope
from jobs.checking.exemptions import Exemptions, exemptions_of
from jobs.checking.judged import Judged, Question, fingerprint, judged, standing_of
from jobs.checking.own import own_subjects, written_by_us
from jobs.checking.shelf import Shelf
from jobs.checking.storing import RoundLost, store
from jobs.checking.subject import Subject, subject_of
from jobs.context import JobContext

# Of one transaction.
CHUNK = 16
MOST_ACCOUNTS = 10_000
# Then the rest is asked for anew: no job of the slow queue has much longer.
ROUND_LASTS = timedelta(minutes=10)
OnProgress = Callable[[int, int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asks to be judged now; empty is everything. `account_id` None: in every account."""

    control_ids: frozenset[str] = frozenset()
    account_id: str | None = None

    def holds(self, control: Control, subject: Subject) -> bool:
        """Whether this is asked for."""
        is_control = not self.control_ids or control.id in self.control_ids
        return is_control and self.account_id in (None, str(subject.account_id))


@dataclass(frozen=True, slots=True)
class Round:
    """`is_whole`: nothing was left for lack of time."""

    judged: int
    is_whole: bool


async def judge_round(context: JobContext, scope: Scope, wanted: Wanted | None, on_progress: OnProgress) -> Round:
    """Judge what is due, and with `wanted` what is asked for instead.

    Raises RoundLost while another worker is on it, and PyMongoError when something could not be read or stored: what
    was not stored is not done.
    """
    org_id, holder = PydanticObjectId(scope.only()), uuid.uuid4().hex
    if not await take_round(org_id, holder, context.now()):
        raise RoundLost
    try:
        return await _Judging(context, scope, holder).run(wanted, on_progress)
    finally:
        with suppress(PyMongoError):
            await drop_round(org_id, holder)


class _Judging:
    def __init__(self, context: JobContext, scope: Scope, holder: str) -> None:
        self._context, self._scope, self._holder = context, scope, holder
        self._org_id = PydanticObjectId(scope.only())
        self._controls: tuple[Control, ...] = ()
        self._subjects: list[Subject] = []
        self._parameters: dict[str, dict[str, Any]] = {}
        self._exemptions = Exemptions(())
        self._ends = time.monotonic() + ROUND_LASTS.total_seconds()

    async def run(self, wanted: Wanted | None, on_progress: OnProgress) -> Round:
        self._controls = await controls_in_force(self._org_id)
        self._subjects = await self._gathered()
        self._parameters = await parameters_in_force(self._org_id)
        self._exemptions = await exemptions_of(self._org_id, self._context.now())
        await self._tidy()
        questions = [one for subject in self._subjects for one in await self._questions(subject, wanted)]
        done = 0
        for start in range(0, len(questions), CHUNK):
            if time.monotonic() > self._ends:
                break
            await on_progress(done, len(questions))
            done += await self._chunk(questions[start : start + CHUNK])
        if done:
            at = self._context.now()
            await self._context.writer.commit(lambda tx: record_scores(tx, self._org_id, at))
        return Round(done, is_whole=done == len(questions))

    async def _gathered(self) -> list[Subject]:
        """Our own records and every connected account."""
        now = self._context.now()
        named = {operation for one in self._controls for each in one.procedures for operation in each.operations}
        shelf = Shelf(self._scope, named, self._context.pack_store)
        states = [state.value for state in CONNECTED_STATES]
        accounts = await Account.list_in(self._scope, {"state": {"$in": states}}, limit=MOST_ACCOUNTS)
        known = [one for one in accounts if one.provider.value in Integration.__members__]
        return [
            *own_subjects(self._context, self._scope, now),
            *[await subject_of(self._scope, one, shelf, now, written_by_us(one)) for one in known],
        ]

    async def _tidy(self) -> None:
        """Forget what was disconnected or switched off, with its alerts, and have every control listed."""
        ids = [control.id for control in self._controls]
        accounts = [ObjectId(subject.account_id) for subject in self._subjects if subject.account_id is not None]
        at = self._context.now()

        async def change(tx: Transaction) -> None:
            gone = await forget_checks(self._org_id, accounts, ids, tx.session)
            over = [fingerprint_of(one.control_id, one.integration, one.account_id) for one in gone]
            await resolve_alerts(tx, self._org_id, over, at)
            await forget_controls(self._org_id, ids, tx.session)
            await roll_up_controls(tx, self._org_id, ids, at)

        await self._context.writer.commit(change)

    async def _questions(self, subject: Subject, wanted: Wanted | None) -> list[Question]:
        """What is to be judged in an account; procedures that look at the same come one after another."""
        checks = await checks_of(self._scope, subject.account_id)
        found = []
        for control, procedure in self._procedures(subject):
            before = checks.get((control.id, procedure.integration))
            exempt = self._exemptions.of(control.id, subject.account_id)
            question = Question(control, procedure, subject, before, self._parameters[control.id], exempt)
            is_asked = wanted is not None and wanted.holds(control, subject)
            if is_asked or (wanted is None and self._is_due(question, before)):
                found.append(question)
        return sorted(found, key=lambda one: one.procedure.operations)

    def _procedures(self, subject: Subject) -> Iterator[tuple[Control, Procedure]]:
        for control in self._controls:
            for procedure in control.procedures:
                if procedure.integration is subject.answers.integration:
                    yield control, procedure

    def _is_due(self, question: Question, before: Check | None) -> bool:
        if before is None or before.version != question.procedure.version:
            return True
        if before.parameters != question.parameters or before.exceptions != list(question.exempt.ids):
            return True
        standing = standing_of(before)
        is_awaited = standing.is_flapping and standing.streak < HOLDS_AFTER
        is_time = is_due(before.next_at, question.control.frequency, self._context.now())
        return is_awaited or is_time or fingerprint(before.reads, self._subjects) != before.fingerprint

    async def _chunk(self, questions: Sequence[Question]) -> int:
        batch: list[Judged] = []
        for question in questions:
            now = self._context.now()
            if not await keep_round(self._org_id, self._holder, now):
                raise RoundLost
            batch.append(await judged(self._org_id, question, self._subjects, now))
        at = self._context.now()

        async def change(tx: Transaction) -> None:
            await store(tx, self._org_id, self._holder, batch, self._subjects, at)

        await self._context.writer.commit(change)
        return len(batch)
