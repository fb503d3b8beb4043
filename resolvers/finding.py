"""Findings: list them, and count them in groups."""

from typing import Annotated, Any

import strawberry
from pydantic import TypeAdapter

import documents
from auth.permission import Permission
from documents.finding_group import count_findings
from documents.page import Keyset
from domain.errors import Invalid
from domain.facts.finding import FindingState
from domain.facts.scope import Scope
from domain.finding_groups import FindingGroup, FindingGrouping, FindingGroups, grouped, rule_group
from domain.rules.registry import all_rules
from resolvers.context import Info
from resolvers.fields import query
from schema import finding as shown
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.directives import Cost
from schema.finding import Finding, FindingFilter, FindingOrder
from schema.node import global_id, local_id

ORDERS = {
    FindingOrder.SEVERITY: Keyset((("severity_rank", 1), ("opened_at", -1))),
    FindingOrder.PRIORITY: Keyset((("priority", -1), ("opened_at", -1))),
}
# What a group without a key is called.
NONE = {FindingGrouping.REGION: "No region", FindingGrouping.RULE_GROUP: "No group"}
MOST_GROUPS = 500
ENCODED = TypeAdapter(FindingGroups)
ChosenFindings = Annotated[FindingFilter | None, strawberry.argument(description="Which ones; all when left out.")]
ChosenOpen = Annotated[
    FindingFilter | None, strawberry.argument(description="Which ones; without a state, those that are open.")
]
InOrder = Annotated[FindingOrder, strawberry.argument(description="What they are listed by.")]
GroupedBy = Annotated[FindingGrouping, strawberry.argument(description="What they are grouped by.")]
FirstGroups = Annotated[int, strawberry.argument(description=f"How many groups at most, 1 to {MOST_GROUPS}.")]


@strawberry.type
class FindingQueries:
    @query(
        Connection[Finding],
        may=Permission.FINDINGS_READ,
        description="Findings in reach, worst and newest first unless another order is chosen.",
    )
    async def findings(
        self,
        info: Info,
        filter: ChosenFindings = None,
        order_by: InOrder = FindingOrder.SEVERITY,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        scope, where = await _narrowed(info, filter)
        pager = info.context.ports.pager
        return await pager.page(info, documents.Finding, scope, where, ORDERS[order_by], first=first, after=after)

    @query(
        shown.FindingGroups,
        may=Permission.FINDINGS_READ,
        directives=(Cost(weight=5),),
        description="How many findings there are in reach, how bad they are and what mending them would save, in "
        "groups. No saving counts twice: of several on one resource the highest does.",
    )
    async def finding_groups(
        self, info: Info, group_by: GroupedBy, filter: ChosenOpen = None, first: FirstGroups = 100
    ) -> Any:
        if not 1 <= first <= MOST_GROUPS:
            raise Invalid(f"first must lie between 1 and {MOST_GROUPS}.", path=("first",))
        scope, where = await _narrowed(info, filter)
        where = {"state": FindingState.OPEN.value, **where}
        found = await info.context.ports.results.get_or_compute(
            ("finding_groups", group_by.value, where), scope, ENCODED, lambda: _grouped(scope, where, group_by)
        )
        titles = await _titles(scope, [group.key for group in found.groups[:first]], group_by)
        return shown.FindingGroups(
            groups=[_shown(group, group_by, titles) for group in found.groups[:first]],
            group_count=len(found.groups),
            finding_count=found.count,
            monthly_savings=list(found.savings),
        )


async def _grouped(scope: Scope, where: dict[str, Any], by: FindingGrouping) -> FindingGroups:
    counts = await count_findings(scope, where, by)
    return grouped(counts, rule_group) if by is FindingGrouping.RULE_GROUP else grouped(counts)


async def _titles(scope: Scope, keys: list[str | None], by: FindingGrouping) -> dict[str | None, str]:
    if by is FindingGrouping.RULE:
        return {rule.id: rule.title for rule in all_rules()}
    if by is not FindingGrouping.ACCOUNT:
        return {}
    named = await documents.Account.load_many(scope, [key for key in keys if key is not None])
    return {str(account.id): account.name for account in named if account is not None}


def _shown(group: FindingGroup, by: FindingGrouping, titles: dict[str | None, str]) -> shown.FindingGroup:
    key = group.key
    return shown.FindingGroup(
        key=global_id("Account", key) if by is FindingGrouping.ACCOUNT else key,
        title=titles.get(key) or key or NONE.get(by, ""),
        count=group.count,
        worst_severity=group.worst,
        monthly_savings=list(group.savings),
    )


async def _narrowed(info: Info, filter: FindingFilter | None) -> tuple[Scope, dict[str, Any]]:
    """The scope and the filter of the stored rows. Raises NotFound for an organization or account out of reach."""
    scope, where = info.context.scope, _where(filter)
    if filter and filter.organization_id:
        scope = scope.narrowed(local_id("Organization", filter.organization_id))
    if filter and filter.account_id:
        account = await documents.Account.get_in(scope, local_id("Account", filter.account_id))
        scope, where["account_id"] = scope.narrowed(str(account.org_id)), account.id
    return scope, where


def _where(filter: FindingFilter | None) -> dict[str, Any]:
    if filter is None:
        return {}
    where: dict[str, Any] = {}
    if filter.state is not None:
        where["state"] = filter.state.value
    if filter.category is not None:
        where["category"] = filter.category.value
    if filter.severities is not None:
        # By rank, which the list is sorted by.
        where["severity_rank"] = {"$in": [severity.rank for severity in filter.severities]}
    if filter.rule_ids is not None:
        where["rule_id"] = {"$in": filter.rule_ids}
    return where
