"""Drift: declare what counts as settled, list what differs from it, and accept that."""

from typing import Annotated, Any

import strawberry

import documents
from auth.permission import Permission
from documents.drift import declare_baseline, end_baseline, settle_account, settle_drifts
from documents.page import Keyset
from documents.transaction import Transaction
from domain.facts.governance import DriftState
from jobs.queue import ask_checks_of
from resolvers.context import Info
from resolvers.fields import mutation, query
from resolvers.governing import any_of, audited, person_of, within
from resolvers.routing import WHAT
from schema.arguments import InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.drift import (
    DeclareBaselineInput,
    DeclareBaselinePayload,
    Drift,
    DriftBaseline,
    DriftFilter,
    EndBaselineInput,
    EndBaselinePayload,
    SettledDrifts,
    SettleDriftsInput,
    SettleDriftsPayload,
)
from schema.node import local_id

NEWEST_FIRST = Keyset((("opened_at", -1),))
LAST_FIRST = Keyset((("since", -1),))
# The control that says whether drift is settled in time.
JUDGED_BY = "CW-LOG-06"
ChosenDrifts = Annotated[DriftFilter | None, strawberry.argument(description="Which ones; all when left out.")]


@strawberry.type
class DriftQueries:
    @query(
        Connection[Drift],
        may=Permission.COMPLIANCE_READ,
        description="What differs, or differed, from the configuration that counts as settled, newest first.",
    )
    async def drifts(
        self, info: Info, filter: ChosenDrifts = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope, where, pager = info.context.scope, {}, info.context.ports.pager
        if filter is not None:
            scope, where = within(scope, filter.organization_id), any_of("state", filter.states)
            if filter.account_id is not None:
                account = await documents.Account.get_in(scope, local_id("Account", filter.account_id))
                scope, where["account_id"] = scope.narrowed(str(account.org_id)), account.id
        return await pager.page(info, documents.Drift, scope, where, NEWEST_FIRST, first=first, after=after)

    @query(
        Connection[DriftBaseline],
        may=Permission.COMPLIANCE_READ,
        description="Of which accounts the configuration counts as settled, and since when; the last declared first.",
    )
    async def drift_baselines(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope, pager = within(info.context.scope, organization_id), info.context.ports.pager
        return await pager.page(info, documents.DriftBaseline, scope, {}, LAST_FIRST, first=first, after=after)


@strawberry.type
class DriftMutations:
    @mutation(
        DeclareBaselinePayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="drift_baseline.declare",
        description="Say that the configuration of an account, as it is, is settled. What changes later without a "
        "remediation or a maintenance window is drift, until somebody settles it. What is open by the last baseline "
        "is settled.",
    )
    async def declare_baseline(
        self, info: Info, input: Annotated[DeclareBaselineInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, person, now = info.context, person_of(info.context), info.context.now()
        account_id = local_id("Account", input.account_id)

        async def change(tx: Transaction) -> documents.DriftBaseline:
            account = await documents.Account.get_in(context.scope, account_id, session=tx.session)
            before = await documents.DriftBaseline.find_in(
                context.scope, {"account_id": account.id}, session=tx.session
            )
            asked = documents.DriftBaseline(
                org_id=account.org_id,
                account_id=account.id,
                tags=sorted(set(input.tags)),
                reason=input.reason,
                since=now,
                looked_at=now,
                declared_by=person,
            )
            made = await declare_baseline(asked, tx.session)
            await settle_account(account, person, input.reason, now, tx.session)
            was = None if before is None else audited(before)
            tx.audit(account.org_id, target=f"account:{account.id}", before=was, after=audited(made))
            ask_checks_of(tx, account.org_id, [JUDGED_BY])
            return made

        return await context.ports.writer.commit(change)

    @mutation(
        EndBaselinePayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="drift_baseline.end",
        description="Have the baseline of an account count no more. What is open in it is settled.",
    )
    async def end_baseline(
        self, info: Info, input: Annotated[EndBaselineInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, person, now = info.context, person_of(info.context), info.context.now()
        account_id = local_id("Account", input.account_id)

        async def change(tx: Transaction) -> documents.DriftBaseline:
            account = await documents.Account.get_in(context.scope, account_id, session=tx.session)
            ended = await end_baseline(account, tx.session)
            await settle_account(account, person, input.reason, now, tx.session)
            tx.audit(account.org_id, target=f"account:{account.id}", before=audited(ended))
            ask_checks_of(tx, account.org_id, [JUDGED_BY])
            return ended

        return await context.ports.writer.commit(change)

    @mutation(
        SettleDriftsPayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="drift.settle",
        description="Accept drift: the resources are settled as they are now known. All is settled, or nothing.",
    )
    async def settle_drifts(
        self, info: Info, input: Annotated[SettleDriftsInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, person, now = info.context, person_of(info.context), info.context.now()
        ids = [local_id("Drift", id) for id in input.ids]

        async def change(tx: Transaction) -> list[documents.Drift]:
            settled = await settle_drifts(context.scope, ids, person, input.reason, now, tx.session)
            for drift in settled:
                was = {"state": DriftState.OPEN.value}
                told = {"state": drift.state.value, "reason": drift.reason}
                tx.audit(drift.org_id, target=f"drift:{drift.id}", before=was, after=told)
            for org_id in {drift.org_id for drift in settled}:
                ask_checks_of(tx, org_id, [JUDGED_BY])
            return settled

        return SettledDrifts(drifts=await context.ports.writer.commit(change))  # type: ignore[arg-type]  # rows
