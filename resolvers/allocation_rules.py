"""Rules of allocation: read their versions, save the next."""

from typing import Annotated, Any

import strawberry
from bson import ObjectId

import documents
from auth.permission import Permission
from documents.allocation_metrics import metric_ids
from documents.allocation_rules import save_rules
from documents.allocation_target import all_targets, hold_targets
from documents.page import Keyset
from documents.transaction import Transaction
from domain.allocation.check import check_rules, targets_named
from jobs.queue import ask_allocation
from resolvers.context import Info
from resolvers.fields import mutation, query
from schema.allocation_rules import AllocationRuleSet, SaveAllocationRulesInput, SaveAllocationRulesPayload
from schema.arguments import InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.node import local_id

NEWEST_FIRST = Keyset((("version", -1),))


@strawberry.type
class AllocationRulesQueries:
    @query(
        Connection[AllocationRuleSet],
        may=Permission.COSTS_READ,
        description="Versions of the rules by which costs are allocated, the one in force first.",
    )
    async def allocation_rules(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope = info.context.scope
        if organization_id:
            scope = scope.narrowed(local_id("Organization", organization_id))
        pager = info.context.ports.pager
        return await pager.page(info, documents.AllocationRules, scope, {}, NEWEST_FIRST, first=first, after=after)


@strawberry.type
class AllocationRulesMutations:
    @mutation(
        SaveAllocationRulesPayload,
        may=Permission.COSTS_MANAGE,
        audit="allocation_rules.save",
        description="Save the next version of the rules. Open months are worked out again by it; closed ones stay. "
        "Refused, with the rule and the field, when rules depend on themselves, give away more than everything, or "
        "name what is not there.",
    )
    async def save_allocation_rules(
        self,
        info: Info,
        input: Annotated[SaveAllocationRulesInput, strawberry.argument(description="What to do it with.")],
    ) -> Any:
        context = info.context
        org_id = context.organization(input.organization_id)
        scope = context.scope.narrowed(org_id)
        facts = [rule.fact() for rule in input.rules]

        async def change(tx: Transaction) -> documents.AllocationRules:
            targets = await all_targets(scope, session=tx.session)
            open_ids = {str(target.id) for target in targets if target.archived_at is None}
            check_rules(facts, open_ids, await metric_ids(scope, tx.session))
            await hold_targets(sorted(targets_named(facts)), tx.session)
            draft = documents.AllocationRules(
                org_id=ObjectId(org_id), version=0, rules=facts, saved_by=scope.actor, reason=input.reason
            )
            saved = await save_rules(draft, input.expected_version, scope, tx.session)
            ask_allocation(tx, ObjectId(org_id))
            told = {"version": saved.version, "rules": [rule.model_dump(mode="json") for rule in facts]}
            tx.audit(saved.org_id, target=f"allocation_rules:{saved.version}", after=told, reason=input.reason or None)
            return saved

        return await context.ports.writer.commit(change)
