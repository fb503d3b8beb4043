"""Makes the tasks of a remediation, one call after another, so that a worker may die between any two of them.

What is about to be sent is in the journal before it is sent, and what came back after. A step that may have been heard
is looked for before it is made again.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from connectors.acting import Actor
from documents.remediation import Remediation, hold
from documents.remediation_call import RemediationCall, begin_call, end_call, journal_of
from documents.remediation_settings import is_stopped
from domain.errors import CloudWatcherError, ProviderError, Throttled, Unavailable
from domain.evidence.redaction import redact
from domain.facts.remediation import RemediationState, StepState
from domain.remediation.step import filled
from domain.remediation_plan import Task
from jobs.context import JobContext
from jobs.remediating.settling import Lost, note

# Tries of one step of which it is not known whether they were heard, and the pause after each.
MOST_TRIES = 6
PAUSES = (2, 5, 10, 20, 40)
# How long a provider may work on one step: to put a snapshot into the archive of AWS takes up to three days. It is
# looked at soon, and less often the longer it takes.
LONGEST_WAIT = timedelta(days=4)
FIRST_LOOK, LAST_LOOK = timedelta(seconds=10), timedelta(minutes=10)


class Later(Exception):
    """There is nothing to do now; whoever has it goes on after `pause`."""

    def __init__(self, pause: timedelta) -> None:
        super().__init__(f"again in {pause}")
        self.pause = pause


class Halted(Exception):
    """The organization's switch was turned: nothing more is sent."""


class CancelAsked(Exception):
    """Somebody wants it to end."""


class StepFailed(Exception):
    """A step cannot be made. `is_in_doubt`: the provider may have heard it all the same."""

    def __init__(self, task: Task, problem: str, *, is_in_doubt: bool) -> None:
        super().__init__(problem)
        self.task, self.problem, self.is_in_doubt = task, problem, is_in_doubt


@dataclass
class Executor:
    """For one remediation, by the worker `holder`. `remediation` is as it was last read."""

    context: JobContext
    remediation: Remediation
    holder: str
    actor: Actor
    journal: list[RemediationCall] = field(default_factory=list)

    async def load(self) -> None:
        """Read what was done so far."""
        self.journal = await journal_of(self.remediation.id)

    async def make(self, task: Task) -> None:
        """The task to its end. Raises StepFailed, Later, Halted, CancelAsked and Lost."""
        if task.key in self.remediation.made:
            return
        if task.key not in self.remediation.answers:
            await self._send(task)
        await self._until_ready(task)
        made = [*self.remediation.made, task.key]
        self.remediation = await note(self.context, self.remediation, self.holder, task.step.says, made=made)

    async def is_made(self, task: Task) -> bool:
        """Whether a step of which nobody knows was made after all. Raises ProviderError when that cannot be seen."""
        found = await self.actor.find(task.step, self._token(task), self._answers(task))
        if found is None:
            return False
        await self._keep(task, found)
        made = [*self.remediation.made, task.key]
        self.remediation = await note(self.context, self.remediation, self.holder, task.step.says, made=made)
        return True

    async def check(self) -> None:
        """Before anything is sent: it is still ours, the switch is off, and nobody wants it to end."""
        held = await hold(self.remediation, self.holder, self.context.now())
        if held is None or held.state is not self.remediation.state:
            raise Lost
        self.remediation = held
        if await is_stopped(held.org_id):
            raise Halted
        if held.state is RemediationState.RUNNING and held.cancel_asked_by is not None:
            raise CancelAsked

    async def _send(self, task: Task) -> None:
        tries = [one for one in self.journal if one.key == task.key]
        await self.check()
        if tries and await self._found(task, tries[-1]):
            return
        call = await self._begin(task)
        try:
            answer = await self.actor.make(task.step, self._token(task), self._answers(task))
        except (Throttled, Unavailable) as error:
            await self._close(call, StepState.FAILED, error=error.message)
            if len(tries) + 1 >= MOST_TRIES:
                raise StepFailed(task, error.message, is_in_doubt=isinstance(error, Unavailable)) from error
            raise Later(_pause(len(tries), error)) from error
        except ProviderError as error:
            await self._close(call, StepState.FAILED, error=error.message)
            raise StepFailed(task, f"{error.message} {error.advice}".strip(), is_in_doubt=False) from error
        except KeyError as error:
            await self._close(call, StepState.FAILED, error=f"{error} is not known.")
            raise StepFailed(task, f"The answer before lacks {error}.", is_in_doubt=False) from error
        await self._close(call, StepState.MADE, answer=_kept(task.step.call.operation, answer))
        await self._keep(task, answer)

    async def _found(self, task: Task, last: RemediationCall) -> bool:
        """Whether an earlier try was heard, where that can be seen; its answer stands for this one's."""
        if last.state is StepState.MADE:
            await self._keep(task, last.answer)
            return True
        try:
            found = await self.actor.find(task.step, self._token(task), self._answers(task))
        except (Throttled, Unavailable) as error:
            raise Later(_pause(0, error)) from error
        except ProviderError as error:
            raise StepFailed(task, error.message, is_in_doubt=True) from error
        if found is None:
            return False
        if last.state is StepState.BEGUN:
            await self._close(last, StepState.MADE, answer=_kept(task.step.call.operation, found), is_found=True)
        await self._keep(task, found)
        return True

    async def _until_ready(self, task: Task) -> None:
        if task.step.wait is None:
            return
        await self.check()
        try:
            if await self.actor.is_ready(task.step, self._token(task), self._answers(task)):
                return
        except (Throttled, Unavailable) as error:
            raise Later(_pause(0, error)) from error
        except ProviderError as error:
            raise StepFailed(task, error.message, is_in_doubt=False) from error
        begun = next(one.begun_at for one in self.journal if one.key == task.key)
        lasting = self.context.now() - begun
        if lasting > LONGEST_WAIT:
            raise StepFailed(task, f"{task.step.says} The provider has not finished in four days.", is_in_doubt=False)
        raise Later(min(max(lasting / 10, FIRST_LOOK), LAST_LOOK))

    async def _begin(self, task: Task) -> RemediationCall:
        step, now = task.step, self.context.now()
        call = RemediationCall(
            org_id=self.remediation.org_id,
            remediation_id=self.remediation.id,
            number=len(self.journal) + 1,
            key=task.key,
            says=step.says,
            operation=step.call.operation,
            region=step.call.region,
            arguments=filled(step.call.arguments, self._token(task), self._answers(task)),
            begun_at=now,
        )
        await begin_call(call)
        self.journal.append(call)
        return call

    async def _close(self, call: RemediationCall, state: StepState, **fields: Any) -> None:
        call.state, call.answer = state, fields.get("answer")
        await end_call(call, state, self.context.now(), **fields)

    async def _keep(self, task: Task, answer: Any) -> None:
        answers = {**self.remediation.answers, task.key: answer}
        self.remediation = await note(self.context, self.remediation, self.holder, task.step.says, answers=answers)

    def _answers(self, task: Task) -> dict[str, Any]:
        kept = self.remediation.answers
        return {name: kept[key] for name, key in task.scope.items() if key in kept}

    def _token(self, task: Task) -> str:
        return "cw-" + hashlib.sha256(f"{self.remediation.id}/{task.key}".encode()).hexdigest()[:32]


def _kept(operation: str, answer: Any) -> Any:
    return redact(operation, answer)[0]


def _pause(tries: int, error: CloudWatcherError) -> timedelta:
    asked = getattr(error, "retry_after", None) or timedelta()
    return max(timedelta(seconds=PAUSES[min(tries, len(PAUSES) - 1)]), asked)
