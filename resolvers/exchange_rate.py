"""Rates of exchange: list them, set them, remove them."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId

import documents
from auth.permission import Permission
from documents.exchange_rate import remove_rate, set_rates
from documents.page import Keyset
from documents.transaction import Transaction
from domain.costs.exchange import Rate, checked_rates, read_rates
from domain.errors import Invalid
from domain.facts import topic
from resolvers.context import Info
from resolvers.fields import mutation, query
from resolvers.routing import WHAT
from schema.arguments import InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.exchange_rate import (
    ExchangeRate,
    ExchangeRatesSet,
    RemoveExchangeRateInput,
    RemoveExchangeRatePayload,
    SetExchangeRatesInput,
    SetExchangeRatesPayload,
)
from schema.node import local_id

NEWEST_FIRST = Keyset((("day", -1),))
AUDITED = {"base", "quote", "day", "rate", "note", "is_current"}


@strawberry.type
class ExchangeRateQueries:
    @query(
        Connection[ExchangeRate],
        may=Permission.COSTS_READ,
        description="Rates of exchange in reach, those of the latest days first; also those that no longer count.",
    )
    async def exchange_rates(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope = info.context.scope
        if organization_id:
            scope = scope.narrowed(local_id("Organization", organization_id))
        pager = info.context.ports.pager
        return await pager.page(info, documents.ExchangeRate, scope, {}, NEWEST_FIRST, first=first, after=after)


@strawberry.type
class ExchangeRateMutations:
    @mutation(
        SetExchangeRatesPayload,
        may=Permission.COSTS_MANAGE,
        audit="exchange_rate.set",
        description="Set rates of exchange. One of a pair and day that has one already takes its place; what it was is "
        "kept. All are set or none.",
    )
    async def set_exchange_rates(
        self, info: Info, input: Annotated[SetExchangeRatesInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, rates = info.context, _given(input)
        org_id, at = PydanticObjectId(context.organization(input.organization_id)), context.now()

        async def change(tx: Transaction) -> ExchangeRatesSet:
            changed = await set_rates(tx, org_id, rates, context.scope.actor, at)
            _announce(tx, org_id, at)
            told = {f"{one.base}-{one.quote} {one.day}": str(one.rate) for one in changed}
            tx.audit(org_id, target=f"exchange_rates:{org_id}", after=told)
            return ExchangeRatesSet(set_count=len(changed), unchanged_count=len(rates) - len(changed))

        return await context.ports.writer.commit(change)

    @mutation(
        RemoveExchangeRatePayload,
        may=Permission.COSTS_MANAGE,
        audit="exchange_rate.remove",
        description="Let a rate no longer count. The one of the day before it holds again.",
    )
    async def remove_exchange_rate(
        self, info: Info, input: Annotated[RemoveExchangeRateInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, id = info.context, local_id("ExchangeRate", input.exchange_rate_id)

        async def change(tx: Transaction) -> documents.ExchangeRate:
            removed = await remove_rate(tx, context.scope, id, context.now())
            _announce(tx, removed.org_id, context.now())
            tx.audit(removed.org_id, target=f"exchange_rate:{id}", before=removed.model_dump(include=AUDITED))
            return removed

        return await context.ports.writer.commit(change)


def _given(input: SetExchangeRatesInput) -> list[Rate]:
    if (input.csv is None) is not bool(input.rates):
        raise Invalid("Give either rates or csv.", path=("input", "rates"))
    return read_rates(input.csv) if input.csv is not None else checked_rates([one.fact() for one in input.rates])


def _announce(tx: Transaction, org_id: PydanticObjectId, at: datetime) -> None:
    """Kept answers about costs are old from here on."""
    tx.announce(org_id, topic.costs(org_id), "ExchangeRatesChanged", {"at": at})
