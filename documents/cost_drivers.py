"""Two periods compared, from usage by day."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from bson import ObjectId

from documents.cost_match import cost_match, cost_value
from documents.cost_period import current_editions, midnight, one_moment
from documents.cost_usage import CostUsageDay
from domain.costs.drivers import Amount, ChargeKind, Drivers, DriversBuilder, DriversQuestion, Movement
from domain.costs.series import Metric
from domain.errors import Invalid
from domain.facts.cost_dimension import Dimension
from domain.facts.scope import Scope

# What is the same thing in both periods, though its price may differ; a unit, for quantities of two do not add up.
_LEVEL = ("sub_account_id", "service_name", "sku", "consumed_unit", "region_id")
_COST = {
    Metric.BILLED: "$billed",
    Metric.EFFECTIVE: "$effective",
    Metric.LIST: "$listed",
    Metric.CONTRACTED: "$contracted",
}


async def cost_drivers(scope: Scope, question: DriversQuestion) -> Drivers:
    """What changed, over all organizations in scope.

    Raises Invalid when the days hold rows in several currencies and the question names none.
    """
    async with one_moment() as session:
        editions = {
            edition.id: edition.currency
            for first, until in _windows(question)
            for edition in await current_editions(
                scope, first=first, until=until, currency=question.currency, session=session
            )
        }
    builder = DriversBuilder(question.top, currency_of(set(editions.values())))
    rows = await CostUsageDay.rows().aggregate(drivers_pipeline(scope, question, list(editions)), allowDiskUse=True)
    async for raw in rows:
        builder.add(_movement(raw))
    return builder.built()


def currency_of(currencies: set[str]) -> str | None:
    """The one currency, None where there is none. Raises Invalid for several."""
    if len(currencies) > 1:
        raise Invalid(
            f"These costs are in {', '.join(sorted(currencies))} and do not add up: name one currency.",
            path=("currency",),
        )
    return next(iter(currencies), None)


def drivers_pipeline(scope: Scope, question: DriversQuestion, editions: Sequence[ObjectId]) -> list[dict[str, Any]]:
    """One document per group, level and kind of charge: sums of both periods, as text."""
    before = _days("$day", question.compared_first, question.compared_until)
    after = _days("$day", question.first, question.until)
    is_labelled = question.group_by == (Dimension.SUB_ACCOUNT,)
    match = {
        **CostUsageDay.within(scope),
        "$or": [{"day": {"$gte": midnight(first), "$lt": midnight(until)}} for first, until in _windows(question)],
        "edition_id": {"$in": list(editions)},
        **cost_match(question.where),
    }
    identity = {
        "values": [cost_value(part) for part in question.group_by],
        "level": [f"${name}" for name in _LEVEL],
        "kind": _KIND,
    }
    return [
        {"$match": match},
        {
            "$group": {
                "_id": identity,
                "label": {"$max": "$sub_account_name" if is_labelled else None},
                **_sums("before", before, _COST[question.metric]),
                **_sums("after", after, _COST[question.metric]),
            }
        },
        # As text, because the driver reads decimals slowly.
        {"$set": {name: {"$toString": f"${name}"} for name in _TEXTS}},
    ]


def _windows(question: DriversQuestion) -> list[tuple[date, date]]:
    return [(question.compared_first, question.compared_until), (question.first, question.until)]


_TEXTS = ("before_cost", "before_quantity", "after_cost", "after_quantity")
_KIND = {
    "$switch": {
        "branches": [
            {
                "case": {
                    "$or": [
                        {"$eq": ["$charge_class", "Correction"]},
                        {"$eq": ["$charge_category", "Adjustment"]},
                    ]
                },
                "then": ChargeKind.CORRECTION.value,
            },
            *(
                {"case": {"$eq": ["$charge_category", category]}, "then": kind.value}
                for category, kind in (
                    ("Credit", ChargeKind.CREDIT),
                    ("Tax", ChargeKind.TAX),
                    ("Purchase", ChargeKind.PURCHASE),
                )
            ),
            {"case": {"$eq": ["$commitment_discount_status", "Unused"]}, "then": ChargeKind.UNUSED.value},
        ],
        "default": ChargeKind.USAGE.value,
    }
}


def _days(path: str, first: date, until: date) -> dict[str, Any]:
    return {"$and": [{"$gte": [path, midnight(first)]}, {"$lt": [path, midnight(until)]}]}


def _sums(name: str, condition: Mapping[str, Any], cost: str) -> dict[str, Any]:
    measured = {"$and": [condition, {"$gt": ["$quantity", None]}]}
    return {
        f"{name}_cost": {"$sum": {"$cond": [condition, cost, 0]}},
        f"{name}_quantity": {"$sum": {"$cond": [measured, "$quantity", 0]}},
        f"{name}_measured": {"$sum": {"$cond": [measured, 1, 0]}},
        f"{name}_rows": {"$sum": {"$cond": [condition, "$line_count", 0]}},
    }


def _movement(raw: Mapping[str, Any]) -> Movement:
    identity = raw["_id"]
    return Movement(
        values=tuple(identity["values"]),
        label=raw["label"],
        kind=ChargeKind(identity["kind"]),
        before=_amount(raw, "before"),
        after=_amount(raw, "after"),
    )


def _amount(raw: Mapping[str, Any], name: str) -> Amount:
    quantity = Decimal(raw[f"{name}_quantity"]) if raw[f"{name}_measured"] else None
    return Amount(cost=Decimal(raw[f"{name}_cost"]), quantity=quantity, rows=raw[f"{name}_rows"])
