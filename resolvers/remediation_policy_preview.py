"""What a policy would do now: which findings it would take, and what would become of each. It changes nothing."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import strawberry
from bson import ObjectId

import documents
from auth.permission import Permission
from auth.scope import scope_of_all
from documents.remediation_choice import Taken, accounts_that_may_be_changed, taken_by
from documents.remediation_count import spans, taken
from documents.remediation_settings import settings_of
from documents.rule_setting import Choices, choices
from domain.facts.remediation import Left
from domain.remediation.approval import is_production
from domain.remediation.automation import SAYS, Decision, Situation, decide
from domain.remediation_policy import lower, print_of
from domain.rules.registry import get_rule
from resolvers.context import Info
from resolvers.fields import query
from resolvers.remediation_policy import PolicyId, policy_of
from schema.remediation_policy import (
    MOST_COUNTED,
    MOST_SHOWN,
    RemediationPolicyForecast,
    RemediationPolicyPreview,
)


@strawberry.type
class RemediationPolicyPreviewQueries:
    @query(
        RemediationPolicyPreview,
        may=Permission.REMEDIATIONS_READ,
        description="Which findings a policy would take if it ran now, and what would become of each: a pure read. "
        "Whether permissions are missing, and whether there is a plan at all, shows when it is planned.",
    )
    async def preview_remediation_policy(self, info: Info, id: PolicyId) -> Any:
        context = info.context
        policy = await policy_of(context, id)
        foresight = await _foresight(policy, context.now())
        found: list[tuple[Taken, Decision]] = []
        matched = 0
        async for one in taken_by(policy, foresight.chosen.off):
            matched += 1
            if len(found) < MOST_SHOWN:
                found.append((one, await foresight.of(one)))
            if matched >= MOST_COUNTED:
                break
        readable = scope_of_all(context.signed_in, (Permission.REMEDIATIONS_READ, Permission.FINDINGS_READ))
        rows = await documents.Finding.rows_by_id(readable, [one.finding["_id"] for one, _ in found])
        shown = [
            _shown(rows[one.finding["_id"]], one, decision) for one, decision in found if one.finding["_id"] in rows
        ]
        return RemediationPolicyPreview(
            findings=shown,
            matched=matched,
            planned=sum(one.is_planned for one in shown),
            approved=sum(one.is_approved for one in shown),
        )


@dataclass
class _Foresight:
    """Decides as a run would, and counts what it would approve. `may_act` are accounts with credentials for it."""

    policy: documents.RemediationPolicy
    settings: documents.RemediationSettings
    chosen: Choices
    may_act: frozenset[ObjectId]
    day: str
    approved: Counter[str] = field(default_factory=Counter)
    before: dict[str, int] = field(default_factory=dict)

    async def of(self, one: Taken) -> Decision:
        rule = get_rule(one.finding["rule_id"])
        printed = print_of(self.policy.version, rule, self.chosen.chosen.get(rule.id, {}))
        is_dry = self.policy.shown.get(rule.id) != printed
        if one.left is not None and (is_dry or one.shown_by is None):
            return Decision((one.left,), SAYS[one.left])
        situation = Situation(
            risk=rule.risk,
            is_production=is_production(one.tags),
            mode=self.policy.mode,
            is_dry=is_dry,
            has_credentials=one.finding["account_id"] in self.may_act,
            is_on=self.policy.is_enabled,
            is_allowed=self.settings.allows_automation,
            is_stopped=self.settings.is_stopped,
        )
        decision = decide(situation)
        if decision.is_approved and (full := await self._full(rule.id)) is not None:
            decision = decide(replace(situation, full=full))
        self.approved[rule.id] += decision.is_approved
        return decision

    async def _full(self, rule_id: str) -> Left | None:
        if rule_id not in self.before:
            self.before[rule_id] = await taken(self.policy.org_id, rule_id, self.day)
        own = self.approved[rule_id]
        if self.before[rule_id] + own >= lower(self.settings.most_per_day, self.policy.most_per_day):
            return Left.CAP_OF_DAY
        return Left.CAP_OF_RUN if own >= lower(self.settings.most_per_run, self.policy.most_per_run) else None


async def _foresight(policy: documents.RemediationPolicy, at: datetime) -> _Foresight:
    day, _ = spans(ObjectId(), at)
    chosen, settings = await choices(policy.org_id), await settings_of(policy.org_id)
    return _Foresight(policy, settings, chosen, await accounts_that_may_be_changed(policy.org_id), day)


def _shown(row: Any, one: Taken, decision: Decision) -> RemediationPolicyForecast:
    return RemediationPolicyForecast(
        finding=row,
        resource_name=one.resource_name,
        is_planned=decision.reasons != (one.left,),
        is_approved=decision.is_approved,
        reasons=list(decision.reasons),
        says=decision.says,
    )
