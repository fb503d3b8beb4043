"""What a worker does about a remediation, by the state it is in."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from documents.account import Account
from documents.remediation import Remediation
from documents.remediation_settings import is_stopped, settings_of
from domain.errors import ProviderError
from domain.facts.remediation import RemediationState
from domain.remediation_plan import Task, backward, forward
from jobs.context import JobContext
from jobs.remediating.approving import still_stands
from jobs.remediating.entering import acting, reading
from jobs.remediating.executing import CancelAsked, Executor, Halted, Later, StepFailed
from jobs.remediating.planning import look
from jobs.remediating.settling import note, settle

S = RemediationState
# How often it is looked at whether the fault is gone, and how long apart: providers take a while to show what is new.
LOOKS = 6
BETWEEN_LOOKS = timedelta(seconds=10)
UNTIL_OPEN = timedelta(minutes=1)
HALTED = "The switch that stops all remediations was turned on before the next call. Take back what was done, or look."


async def begin(context: JobContext, remediation: Remediation, account: Account, holder: str) -> Remediation:
    """From APPROVED to RUNNING when it may run now and its state still is the approved one; else VOID."""
    if remediation.expires_at is not None and remediation.expires_at <= context.now():
        said = "The approval was not used in time."
        return await settle(context, remediation, holder, S.EXPIRED, problem=said, ended_at=context.now(), step=None)
    if not await still_stands(remediation):
        said = "The policy that approved it was changed, switched off or deleted, or may approve nothing any more."
        return await settle(context, remediation, holder, S.VOID, problem=said, ended_at=context.now(), step=None)
    if await is_stopped(remediation.org_id):
        raise Later(UNTIL_OPEN)
    if not (await settings_of(remediation.org_id)).approval.is_open(context.now()):
        raise Later(UNTIL_OPEN)
    async with reading(context, account) as (registration, source):
        looked = await look(context, remediation, account, registration, source)
    if looked.plan is None or looked.plan.hash != remediation.plan_hash:
        changed = looked.refusal or "The resource has changed since the approval. Plan it again."
        return await settle(context, remediation, holder, S.VOID, problem=changed, ended_at=context.now())
    return await settle(context, remediation, holder, S.RUNNING, started_at=context.now(), problem=None)


async def execute(context: JobContext, remediation: Remediation, account: Account, holder: str) -> Remediation:
    """From RUNNING to VERIFYING, or to UNDOING when a step fails, or STOPPED."""
    async with acting(context, account) as (actor, _, __):
        executor = Executor(context, remediation, holder, actor)
        await executor.load()
        try:
            for task in forward(remediation.steps):
                await executor.make(task)
        except StepFailed as failure:
            return await _failed(executor, account, failure)
        except CancelAsked:
            problem = "It was cancelled while it ran."
            return await settle(context, executor.remediation, holder, S.UNDOING, problem=problem)
        except Halted:
            return await _stop(executor, account, HALTED)
    return await settle(context, executor.remediation, holder, S.VERIFYING, looks=0, step="Looks whether it helped")


async def _failed(executor: Executor, account: Account, failure: StepFailed) -> Remediation:
    """What was made is taken back; where nobody can tell whether the last step was, a person has to look."""
    context, holder = executor.context, executor.holder
    if failure.is_in_doubt:
        if failure.task.step.found is None:
            said = f"It is not known whether this was done: {failure.task.step.says} {failure.problem}"
            return await _stop(executor, account, said)
        try:
            await executor.is_made(failure.task)
        except ProviderError as error:
            return await _stop(executor, account, f"It cannot be seen whether this was done: {error.message}")
    problem = f"{failure.task.step.says} {failure.problem}"
    return await settle(context, executor.remediation, holder, S.UNDOING, problem=problem)


async def undo(context: JobContext, remediation: Remediation, account: Account, holder: str) -> Remediation:
    """From UNDOING to UNDONE, from ROLLING_BACK to ROLLED_BACK, or STOPPED."""
    async with acting(context, account) as (actor, _, __):
        executor = Executor(context, remediation, holder, actor)
        await executor.load()
        tasks = backward(remediation.steps, remediation.made)
        if remediation.state is S.ROLLING_BACK and not _has_begun(executor, tasks):
            refused = await _refused(context, remediation, account)
            if refused is not None:
                before = remediation.rolled_back_from or S.DONE
                return await settle(context, remediation, holder, before, problem=refused, rolled_back_by=None)
        try:
            for task in tasks:
                await executor.make(task)
        except StepFailed as failure:
            said = f"Taking it back failed: {failure.task.step.says} {failure.problem}"
            return await _stop(executor, account, said)
        except Halted:
            return await _stop(executor, account, HALTED)
    to = S.ROLLED_BACK if remediation.state is S.ROLLING_BACK else S.UNDONE
    ends = partial(settle, context, executor.remediation, holder, to, account=account)
    return await ends(ended_at=context.now(), step=None)


def _has_begun(executor: Executor, tasks: Sequence[Task]) -> bool:
    keys = {task.key for task in tasks}
    return any(call.key in keys for call in executor.journal)


async def _refused(context: JobContext, remediation: Remediation, account: Account) -> str | None:
    """Why it may not be taken back now; None when it may."""
    if remediation.rollback_forced or remediation.after is None:
        return None
    async with reading(context, account) as (registration, source):
        state = (await look(context, remediation, account, registration, source)).state
    if state == remediation.after:
        return None
    return "The resource has changed since it was mended, so nothing was taken back. Say evenIfChanged to do it anyway."


async def verify(context: JobContext, remediation: Remediation, account: Account, holder: str) -> Remediation:
    """From VERIFYING to DONE once the rule is quiet, or UNVERIFIED after LOOKS."""
    async with reading(context, account) as (registration, source):
        looked = await look(context, remediation, account, registration, source)
    is_quiet = looked.seen.resource is None or looked.is_quiet
    ends = partial(settle, context, remediation, holder, account=account, after=looked.state, step=None)
    if is_quiet:
        return await ends(S.DONE, ended_at=context.now())
    if remediation.looks + 1 < LOOKS:
        await note(context, remediation, holder, "Looks again whether it helped", looks=remediation.looks + 1)
        raise Later(BETWEEN_LOOKS)
    problem = "Every step was done, and the rule still sees its fault."
    return await ends(S.UNVERIFIED, ended_at=context.now(), problem=problem)


async def _stop(executor: Executor, account: Account, problem: str) -> Remediation:
    context = executor.context
    held, at = executor.remediation, context.now()
    return await settle(
        context, held, executor.holder, S.STOPPED, account=account, problem=problem, ended_at=at, step=None
    )
