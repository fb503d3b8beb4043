"""Works out what a remediation would do, from the state as it is now, and what it lacks to be allowed to."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from auth.scope import scope_of_job
from connectors.reading.source import Registration, Source
from documents.account import Account
from documents.finding import Finding
from documents.outlook import outlook_of_finding
from documents.remediation import Remediation
from documents.remediation_settings import settings_of
from documents.resource import Resource as StoredResource
from documents.resource import fact_of, present_resources
from documents.resource_bill import resource_bills
from documents.rule_setting import choices
from domain.costs.billed_resource import bills_of, names_of
from domain.facts.money import Money
from domain.facts.remediation import RemediationState
from domain.facts.resource import Resource, ResourceKind
from domain.remediation.approval import is_production
from domain.remediation.remedy import NoPlan
from domain.remediation_plan import Dependent, Plan, dependents_of, lasting, make_plan, with_dependents
from domain.rules.judgement import Verdict, judge
from domain.rules.registry import get_rule
from domain.rules.rule import NOTHING, RuleContext, Setting
from jobs.context import JobContext
from jobs.queue import RUN_REMEDIATION
from jobs.remediating.approving import settle_by_policy
from jobs.remediating.entering import MayNotAct, acting, reading
from jobs.remediating.rereading import Seen, read_again
from jobs.remediating.settling import settle

NO_CREDENTIALS = "This account may be read, not changed: give credentials for that with allowRemediation."


@dataclass(frozen=True, slots=True)
class Looked:
    """What the rule says of the resource as it is now: the plan, or why there is none (`refusal`).

    `state` is what the resource is like, without what moves by itself; {} when it is gone. `is_quiet`: the rule sees
    nothing, and everything it needs to be sure of that. `chosen` are the organization's parameters it was judged by.
    """

    seen: Seen
    plan: Plan | None
    refusal: str | None
    state: dict[str, Any]
    is_quiet: bool
    chosen: Mapping[str, Setting]


async def plan(context: JobContext, remediation: Remediation, account: Account, holder: str) -> Remediation:
    """From PLANNING to PLANNED, or REFUSED with the reason. Raises ProviderError where the state cannot be read."""
    async with reading(context, account) as (registration, source):
        looked = await look(context, remediation, account, registration, source)
    if looked.plan is None or looked.seen.resource is None:
        refused, at = RemediationState.REFUSED, context.now()
        return await settle(context, remediation, holder, refused, problem=looked.refusal, ended_at=at)
    dependents = await _dependents(account, looked.seen.resource)
    made = await _with_finding(with_dependents(looked.plan, dependents), remediation, account)
    missing = await _missing(context, account, made)
    policy = (await settings_of(remediation.org_id)).approval
    planned: dict[str, Any] = {
        "plan": made.model_dump(mode="json"),
        "plan_hash": made.hash,
        "planned_at": context.now(),
        "missing": missing,
        "is_production": is_production(looked.seen.resource.tags),
        "approvals_needed": policy.approvals_of(remediation.risk),
        "expires_at": context.now() + policy.valid_for,
        "problem": NO_CREDENTIALS if account.act_credentials is None else None,
        "step": "Waits for an approval",
    }
    if (run_id := remediation.policy_run_id) is not None:
        may_act, chosen = account.act_credentials is not None, looked.chosen
        return await settle_by_policy(context, remediation, holder, planned, chosen, run_id=run_id, may_act=may_act)
    return await settle(context, remediation, holder, RemediationState.PLANNED, **planned)


async def look(
    context: JobContext, remediation: Remediation, account: Account, registration: Registration, source: Source
) -> Looked:
    """The resource read again, and planned anew. Raises ProviderError when it cannot be read."""
    scope = scope_of_job(RUN_REMEDIATION, str(remediation.org_id))
    stored = await StoredResource.get_in(scope, str(remediation.resource_id))
    rule, known = get_rule(remediation.rule_id), fact_of(stored.model_dump())
    seen = await read_again(source, registration.listings, rule, known, context.now())
    if seen.resource is None:
        return Looked(seen, None, f"{known.name} is gone.", {}, is_quiet=True, chosen=NOTHING)
    volatile = frozenset(path for one in registration.listings for path in one.volatile_of.get(known.kind, ()))
    state = lasting(seen.resource, volatile)
    changed_at = _changed_at(remediation, state, context.now()) or stored.changed_at
    chosen = (await choices(remediation.org_id)).chosen.get(rule.id, {})
    billed = await resource_bills(scope, account, context.now().date(), tuple(names_of(seen.resource)))
    around = RuleContext(
        now=context.now(),
        parameters=rule.settings(chosen),
        resources=seen.resources,
        changed_at={} if changed_at is None else {stored.native_id: changed_at},
        bills=bills_of([seen.resource], billed.total),
        support_bills=bills_of([seen.resource], billed.support),
    )
    is_quiet = judge(rule, seen.resource, Whole(), around).verdict in (Verdict.QUIET, Verdict.EXEMPT)
    try:
        return Looked(seen, make_plan(rule, seen.resource, around, volatile), None, state, is_quiet, chosen)
    except NoPlan as refusal:
        return Looked(seen, None, str(refusal), state, is_quiet, chosen)


def _changed_at(remediation: Remediation, state: dict[str, Any], now: datetime) -> datetime | None:
    """When the resource took its configuration, where that is what the remediation itself has done: the next sync will
    say the same of it, and what was measured before says nothing of it any more.
    """
    is_changed = remediation.started_at is not None and remediation.plan is not None
    return now if is_changed and state != remediation.planned.observed else None


class Whole:
    """Of a reading without gaps: everything there is was listed."""

    def is_listed(self, kind: ResourceKind, region: str | None) -> bool:
        return True


async def _dependents(account: Account, resource: Resource) -> list[Dependent]:
    """What was last known to refer to it, in the whole account."""
    found: list[Dependent] = []
    for kind in ResourceKind:
        async for rows in present_resources(account, kind):
            found += await asyncio.to_thread(dependents_of, resource, [fact_of(row) for row in rows])
    return found


async def _with_finding(plan: Plan, remediation: Remediation, account: Account) -> Plan:
    """The plan with what the finding tells beside it: the saving, which the sync has worked out from the bills, and
    what mending it does to controls and scores.
    """
    scope = scope_of_job(RUN_REMEDIATION, str(remediation.org_id))
    finding = await Finding.get_in(scope, str(remediation.finding_id))
    plan = plan.model_copy(update={"outlook": await outlook_of_finding(account, finding, plan.name)})
    if finding.saving_amount is None or finding.saving_currency is None:
        return plan
    saving = Money(amount=finding.saving_amount, currency=finding.saving_currency)
    return plan.model_copy(update={"saving": saving, "saving_formula": finding.saving_formula})


async def _missing(context: JobContext, account: Account, plan: Plan) -> list[str] | None:
    """Which of its permissions the credentials for acting lack; all without credentials, None where nobody tells."""
    try:
        async with acting(context, account) as (_, source, registration):
            if registration.missing is None:
                return None
            missing = await registration.missing(source, plan.permissions, plan.native_id)
            return None if missing is None else sorted(missing)
    except MayNotAct:
        return sorted(plan.permissions)
