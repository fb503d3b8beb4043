"""Costs by day: the sums that budgets and charts read, or sums of months and totals of days where those will do."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.command_cursor import AsyncCommandCursor

from documents.base import TenantDocument
from documents.cost_line_sums import LAYOUT as LINE_LAYOUT
from documents.cost_line_sums import check_bounded, lines_pipeline, narrowed, summed_lines
from documents.cost_month import CostMonth
from documents.cost_period import CostPeriod, CurrentEdition, current_editions, midnight, one_moment, periods_between
from documents.cost_sums import (
    Lacking,
    Layout,
    among,
    converted,
    group_sums,
    grouped,
    lacking_in,
    matching,
    within_days,
)
from documents.exchange_rate import rate_table
from documents.stored_decimal import stored_decimal
from domain.costs.exchange import RateTable
from domain.costs.exchange import lacking as no_rate
from domain.costs.rollup import DayKey, DaySums
from domain.costs.series import CostQuestion, CostSeries, Metric, SeriesBuilder
from domain.costs.slice import CostSlice
from domain.errors import Invalid
from domain.facts.cost_dimension import Dimension
from domain.facts.scope import Scope


class CostDay(TenantDocument):
    """The sum of `line_count` lines that begin on the UTC `day` (midnight) and are alike in everything below it.

    A load of many rows leaves several documents for one such key, which add up.
    """

    noun: ClassVar[str] = "cost day"

    edition_id: PydanticObjectId
    day: datetime
    provider: str
    billing_account_id: str
    sub_account_id: str | None = None
    sub_account_name: str | None = None
    service_name: str
    service_category: str | None = None
    region_id: str | None = None
    charge_category: str
    pricing_category: str | None = None
    commitment_discount_id: str | None = None
    commitment_discount_status: str | None = None
    publisher_name: str | None = None
    tags: dict[str, str] | None = None
    currency: str
    billed: Decimal
    effective: Decimal
    listed: Decimal
    contracted: Decimal
    line_count: int

    class Settings:
        name = "cost_days"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("day", ASCENDING), ("edition_id", ASCENDING)], name="org_day"),
            IndexModel([("edition_id", ASCENDING)], name="edition"),
        ]


# They would show sums that are staged or replaced.
for _name in ("get_in", "find_in", "list_in", "page_in", "count_in", "rows_by_id", "load_many"):
    setattr(CostDay, _name, CostDay._closed)

LAYOUT = Layout(
    at="day",
    currency="currency",
    dimensions={
        Dimension.PROVIDER: ("provider",),
        Dimension.BILLING_ACCOUNT: ("billing_account_id",),
        Dimension.SUB_ACCOUNT: ("sub_account_id",),
        Dimension.SERVICE: ("service_name",),
        Dimension.SERVICE_CATEGORY: ("service_category",),
        Dimension.REGION: ("region_id",),
        Dimension.CHARGE_CATEGORY: ("charge_category",),
        Dimension.PRICING_CATEGORY: ("pricing_category",),
        Dimension.COMMITMENT: ("commitment_discount_id",),
        Dimension.COMMITMENT_STATUS: ("commitment_discount_status",),
        Dimension.PUBLISHER: ("publisher_name",),
    },
    metrics={
        Metric.BILLED: "billed",
        Metric.EFFECTIVE: "effective",
        Metric.LIST: "listed",
        Metric.CONTRACTED: "contracted",
    },
    labels={Dimension.SUB_ACCOUNT: "sub_account_name"},
)


async def cost_series(scope: Scope, question: CostQuestion) -> CostSeries:
    """The sums the question asks for, in columns, over all organizations in scope.

    They are read from totals of days, sums by month or day, or billed rows, whichever is the coarsest that will do.
    Raises Invalid when the days hold rows in several currencies and the question neither names nor converts to one,
    when a rate is lacking, and when too many billed rows would have to be looked at.
    """
    async with one_moment() as session:
        editions = await current_editions(
            scope,
            first=question.first,
            until=question.until,
            currency=question.currency,
            only=narrowed(question.where) if question.needs_lines else None,
            session=session,
        )
        currencies = sorted({edition.currency for edition in editions})
        rates = await _rates(scope, question, currencies)
        builder = SeriesBuilder(question, _currency_of(question, currencies))
        rows = await _added_up(scope, question, editions, rates, session)
        lacking = [day async for raw in rows for day in _taken(builder, raw, question)]
    if lacking and question.convert_to:
        first = min(lacking, key=lambda one: (one.day, one.currency))
        raise no_rate(first.currency, question.convert_to, first.day.date())
    others = [] if rates is None else [currency for currency in currencies if currency != rates.quote]
    return builder.built(rates.used(currency, question.first, question.until) for currency in others if rates)


def _taken(builder: SeriesBuilder, raw: Mapping[str, Any], question: CostQuestion) -> list[Lacking]:
    builder.add(group_sums(raw, question))
    return lacking_in(raw)


async def _added_up(
    scope: Scope,
    question: CostQuestion,
    editions: Sequence[CurrentEdition],
    rates: RateTable | None,
    session: AsyncClientSession,
) -> AsyncCommandCursor[dict[str, Any]]:
    """One document per group, from where the question is answered soonest."""
    ids, currencies = [edition.id for edition in editions], sorted({edition.currency for edition in editions})

    def sums(layout: Layout) -> list[dict[str, Any]]:
        return grouped(layout, question) if rates is None else converted(layout, question, rates, currencies)

    if question.is_coarse and all(edition.is_totalled for edition in editions):
        return await CostPeriod.rows().aggregate(totals_pipeline(scope, question, sums(LAYOUT)), session=session)
    # Not of the same moment, and need not be: rows of an edition stay as they are until nobody reads them.
    if question.needs_lines:
        await check_bounded(ids, first=question.first, until=question.until)
        return await summed_lines(lines_pipeline(scope, question, ids, sums(LINE_LAYOUT)))
    document, steps = rolled_up(scope, question, editions)
    return await document.rows().aggregate([*steps, *sums(LAYOUT)], allowDiskUse=True)


async def _rates(scope: Scope, question: CostQuestion, currencies: Sequence[str]) -> RateTable | None:
    if question.convert_to is None:
        return None
    if len(scope.org_ids) > 1:
        raise Invalid("Rates belong to an organization: name it with organizationId.", path=("organizationId",))
    return await rate_table(scope, question.convert_to, currencies, question.until)


def _currency_of(question: CostQuestion, currencies: Sequence[str]) -> str | None:
    if question.convert_to is not None:
        return question.convert_to
    if len(currencies) > 1:
        raise Invalid(
            f"These costs are in {', '.join(currencies)} and do not add up: name one currency, or have them converted "
            "with convertTo.",
            path=("currency",),
        )
    return next(iter(currencies), None)


def rolled_up(
    scope: Scope, question: CostQuestion, editions: Sequence[CurrentEdition]
) -> tuple[type[CostDay] | type[CostMonth], list[dict[str, Any]]]:
    """Where to find the sums a question without need of lines wants, and the steps that pick them; LAYOUT is theirs.

    They are months where those are made and the question takes them whole, and days for the rest.
    """
    months: list[ObjectId] = []
    others: list[ObjectId] = []
    for one in editions:
        is_whole = one.has_months and not question.cuts(one.first_on.date(), one.last_on.date())
        (months if question.is_monthly and is_whole else others).append(one.id)
    days = series_pipeline(scope, question, others, [])
    if not months:
        return CostDay, days
    within = {"$gte": midnight(question.first.replace(day=1)), "$lt": midnight(question.until)}
    match = {**CostMonth.within(scope), "day": within, **among(months), **matching(LAYOUT, question.where)}
    union = {"$unionWith": {"coll": CostDay.get_settings().name, "pipeline": days}}
    return CostMonth, [{"$match": match}, *([union] if others else [])]


def series_pipeline(
    scope: Scope, question: CostQuestion, editions: Sequence[ObjectId], sums: list[dict[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """One document per group from daily sums; `sums` are the steps that add up, those of `grouped` when left out."""
    match = {**CostDay.within(scope), "day": within_days(question), **among(editions)}
    steps = grouped(LAYOUT, question) if sums is None else sums
    return [{"$match": match | matching(LAYOUT, question.where)}, *steps]


def totals_pipeline(
    scope: Scope, question: CostQuestion, sums: list[dict[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """What `series_pipeline` gives, for a coarse question, from the totals in the periods."""
    match = periods_between(scope, first=question.first, until=question.until, currency=question.currency)
    total = {"$mergeObjects": ["$totals", {"billing_account_id": "$billing_account_id", "currency": "$currency"}]}
    return [
        {"$match": {**match, **matching(LAYOUT, question.where)}},
        {"$unwind": "$totals"},
        {"$replaceWith": total},
        {"$match": {"day": within_days(question)}},
        *(sums or grouped(LAYOUT, question)),
    ]


def days_of(
    sums: Mapping[DayKey, DaySums], slices: Sequence[CostSlice], org_id: ObjectId, editions: Sequence[ObjectId]
) -> list[dict[str, Any]]:
    """Sums by day or month as they are stored. `slices` and `editions` are those of the load, by slice number."""
    return [_day(key, one, slices[key.slice_number], org_id, editions[key.slice_number]) for key, one in sums.items()]


def _day(key: DayKey, sums: DaySums, slice: CostSlice, org_id: ObjectId, edition_id: ObjectId) -> dict[str, Any]:
    billed = stored_decimal(sums.billed)
    day = {
        "org_id": org_id,
        "edition_id": edition_id,
        "day": midnight(key.day),
        "provider": key.provider,
        "billing_account_id": slice.key.billing_account_id,
        "sub_account_id": key.sub_account_id,
        "sub_account_name": key.sub_account_name,
        "service_name": key.service_name,
        "service_category": key.service_category,
        "region_id": key.region_id,
        "charge_category": key.charge_category,
        "pricing_category": key.pricing_category,
        "commitment_discount_id": key.commitment_discount_id,
        "commitment_discount_status": key.commitment_discount_status,
        "publisher_name": key.publisher_name,
        "tags": None if key.tags is None else dict(key.tags),
        "currency": slice.currency,
        "billed": billed,
        # Mostly one number; turning it once is most of the speed here.
        "effective": billed if sums.effective == sums.billed else stored_decimal(sums.effective),
        "listed": stored_decimal(sums.listed),
        "contracted": billed if sums.contracted == sums.billed else stored_decimal(sums.contracted),
        "line_count": sums.rows,
    }
    return {name: value for name, value in day.items() if value is not None}


async def stage_days(days: Sequence[dict[str, Any]]) -> None:
    """Store sums that do not count yet."""
    await CostDay.rows().insert_many(days, ordered=False)


async def delete_days(edition_ids: Sequence[ObjectId]) -> int:
    """Delete the sums of editions that do not count; returns how many."""
    result = await CostDay.rows().delete_many({"edition_id": {"$in": list(edition_ids)}})
    return result.deleted_count
