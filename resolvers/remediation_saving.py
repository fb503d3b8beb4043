"""What remediations have saved: what was expected, and what bills tell of it."""

from typing import Annotated, Any

import strawberry
from pydantic import TypeAdapter

import documents
from auth.permission import Permission
from documents.remediation_saving import count_savings
from domain.facts.scope import Scope
from domain.remediation.saving_groups import SavingGroup, SavingGrouping, SavingGroups, grouped
from domain.rules.registry import all_rules
from resolvers.context import Info
from resolvers.fields import query
from resolvers.governing import within
from schema.directives import Cost
from schema.node import global_id
from schema.remediation_saving import (
    MOST_GROUPS,
    RemediationSavingGroup,
    RemediationSavings,
    RemediationSavingsInput,
)

ENCODED = TypeAdapter(SavingGroups)
TOTAL, NO_TEAM = "Total", "No team"
Question = Annotated[RemediationSavingsInput, strawberry.argument(description="Which ones, and how.")]


@strawberry.type
class RemediationSavingQueries:
    @query(
        RemediationSavings,
        may=Permission.REMEDIATIONS_READ,
        directives=(Cost(weight=5),),
        description="What remediations save a month, in groups: as expected, as bills tell, and both put together. No "
        "saving counts twice: remediations of one resource that lie close together share one.",
    )
    async def remediation_savings(self, info: Info, input: Question) -> Any:
        scope, by = within(info.context.scope, input.organization_id), input.group_by
        first, until = input.days()

        async def compute() -> SavingGroups:
            return grouped(await count_savings(scope, first, until, by), by)

        question = ("remediation_savings", first, until, by.value)
        found = await info.context.ports.results.get_or_compute(question, scope, ENCODED, compute)
        shown = found.groups[:MOST_GROUPS]
        titles = await _titles(scope, [group.key for group in shown], by)
        return RemediationSavings(
            groups=[
                _shown(group, _key(group.key, by), titles.get(group.key) or group.key or NO_TEAM) for group in shown
            ],
            group_count=len(found.groups),
            total=_shown(found.total, None, TOTAL),
        )


def _key(key: str | None, by: SavingGrouping) -> str | None:
    return global_id("Account", key) if by is SavingGrouping.ACCOUNT else key


async def _titles(scope: Scope, keys: list[str | None], by: SavingGrouping) -> dict[str | None, str]:
    if by is SavingGrouping.RULE:
        return {rule.id: rule.title for rule in all_rules()}
    if by is not SavingGrouping.ACCOUNT:
        return {}
    named = await documents.Account.load_many(scope, [key for key in keys if key is not None])
    return {str(account.id): account.name for account in named if account is not None}


def _shown(group: SavingGroup, key: str | None, title: str) -> RemediationSavingGroup:
    return RemediationSavingGroup(
        key=key,
        title=title,
        estimated_monthly_savings=list(group.estimated),
        realised_monthly_savings=list(group.realised),
        monthly_savings=list(group.counted),
        done_count=group.done,
        known_count=group.known,
        waiting_count=group.waiting,
        regressed_count=group.regressed,
        rolled_back_count=group.rolled_back,
    )
