"""After a sale capacity shrinks again: the spending is back where it was.

A sale is what was declared to forecasts as raising the costs of all services for some days. What the machines did is
not looked at: the spending says it. Two sales close to one another are compared with one another.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.compliance.own_rows import own_rows
from domain.facts.compliance import Integration

COSTS, SALES = "ce.get_cost_and_usage", "platform:sales"
BY_SERVICE = [{"Type": "DIMENSION", "Key": "SERVICE"}]
WEEK, DAY = timedelta(days=7), timedelta(days=1)
# What is said of the last two days still grows. Source: Cost Explorer user guide, which is refreshed once a day.
SETTLED = 2 * DAY
PASSES, WARNS = Decimal("1.10"), Decimal("1.30")


def _aws(case: Case) -> Iterator[Item]:
    """Each sale that ended while there are costs of the week before it and of the second day after it."""
    costs = _costs(case)
    for sale in own_rows(case, SALES):
        first, after = sale["first"].date(), sale["until"].date() + DAY
        before = [costs.get(first - number * DAY) for number in range(1, WEEK.days + 1)]
        known = [one for one in before if one is not None]
        is_ours, total = sale["account"] in (None, case.answers.account), sum(known, Decimal(0))
        if is_ours and len(known) == WEEK.days and total > 0 and after in costs and after + SETTLED in costs:
            yield _back(f"{sale['name']} from {first}", costs[after] * WEEK.days / total)


def _costs(case: Case) -> dict[date, Decimal]:
    """Of all services together, by day."""
    found: dict[date, Decimal] = {}
    for call in case.answers.asked(COSTS, GroupBy=BY_SERVICE):
        for result in (result for page in call.pages for result in page["ResultsByTime"]):
            day = date.fromisoformat(result["TimePeriod"]["Start"])
            found[day] = found.get(day, Decimal(0)) + sum(map(_amount, result["Groups"]), Decimal(0))
    return found


def _amount(group: Mapping[str, Any]) -> Decimal:
    return Decimal(group["Metrics"]["AmortizedCost"]["Amount"])


def _back(name: str, ratio: Decimal) -> Item:
    said = f"a day later spending is {ratio:.0%} of that of the week before"
    if ratio <= PASSES:
        return passed(name, said)
    return (warned if ratio <= WARNS else failed)(name, said, "110% or less")


PROCEDURES = (
    Procedure(
        integration=Integration.AWS,
        scope="event",
        operations=(COSTS,),
        passes="On the second day after a declared sale spending was at most 10 % above that of the week before.",
        warns="It was 10 to 30 % above.",
        fails="It was more than 30 % above.",
        judge=_aws,
    ),
)
