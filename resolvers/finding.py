"""Findings: list them."""

from typing import Annotated, Any

import strawberry

import documents
from auth.permission import Permission
from documents.page import Keyset
from resolvers.context import Info
from resolvers.fields import query
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.finding import Finding, FindingFilter
from schema.node import local_id

WORST_FIRST = Keyset((("severity_rank", 1), ("opened_at", -1)))


@strawberry.type
class FindingQueries:
    @query(Connection[Finding], may=Permission.FINDINGS_READ, description="Findings in reach, worst and newest first.")
    async def findings(
        self,
        info: Info,
        filter: Annotated[
            FindingFilter | None, strawberry.argument(description="Which ones; all when left out.")
        ] = None,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        context = info.context
        scope, where = context.scope, _where(filter)
        if filter and filter.organization_id:
            scope = scope.narrowed(local_id("Organization", filter.organization_id))
        if filter and filter.account_id:
            account = await documents.Account.get_in(scope, local_id("Account", filter.account_id))
            scope, where["account_id"] = scope.narrowed(str(account.org_id)), account.id
        return await context.ports.pager.page(
            info, documents.Finding, scope, where, WORST_FIRST, first=first, after=after
        )


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
