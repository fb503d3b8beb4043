"""What a shop spends once a sale is over. The days are those before NOW, 2026-06-01."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain.bundled.ps_trf_07 import BY_SERVICE, COSTS, SALES
from domain.compliance.answers import Answers
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, call, faults, judged
from tests.factories.bundled import check_of

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING, UNTOLD = CheckStatus.NOT_APPLICABLE, CheckStatus.NOT_ASSESSED
FIRST, LAST = date(2026, 5, 2), date(2026, 5, 31)


def spent(**days: int) -> Answers:
    """100 a day by two services, but on the days of May that are named, such as d20."""
    results = [
        {
            "TimePeriod": {"Start": (FIRST + timedelta(days=number)).isoformat()},
            "Groups": [group(days.get(f"d{(FIRST + timedelta(days=number)).day}", 100) - 40), group(40)],
        }
        for number in range((LAST - FIRST).days + 1)
    ]
    other = call(COSTS, {"ResultsByTime": []}, GroupBy=[{"Type": "DIMENSION", "Key": "USAGE_TYPE"}])
    half = len(results) // 2
    pages = ({"ResultsByTime": results[:half]}, {"ResultsByTime": results[half:]})
    return answers(Integration.AWS, call(COSTS, *pages, GroupBy=BY_SERVICE), other)


def group(amount: int) -> dict[str, Any]:
    return {"Keys": ["S3"], "Metrics": {"AmortizedCost": {"Amount": str(amount)}, "UnblendedCost": {"Amount": "0"}}}


def sale(first: int, until: int, account: str | None = None, name: str = "spring") -> dict[str, Any]:
    """From one day of May up to, but without another."""
    start, end = (datetime(2026, 5, 1, tzinfo=UTC) + timedelta(days=day - 1) for day in (first, until))
    return {"name": name, "first": start, "until": end, "account": account}


def declared(*sales: dict[str, Any], off: Any = ()) -> Answers:
    return answers(Integration.PLATFORM, (SALES, list(sales)), off=off)


DURING = {"d20": 900, "d21": 900}


@pytest.mark.parametrize(
    ("costs", "sales", "status"),
    [
        # The sale is over at the end of the 21st; the 23rd is the first whole day that begins 24 hours later.
        (spent(**DURING, d22=500), declared(sale(20, 22)), PASS),
        (spent(**DURING, d23=110), declared(sale(20, 22)), PASS),
        (spent(**DURING, d23=111), declared(sale(20, 22)), WARNING),
        (spent(**DURING, d23=130), declared(sale(20, 22)), WARNING),
        (spent(**DURING, d23=131), declared(sale(20, 22)), FAIL),
        (spent(**DURING, d23=900), declared(sale(20, 22, "the-account")), FAIL),
        (spent(**DURING, d23=900), declared(sale(20, 22, "another")), NOTHING),
        # Seven days before it are wanted, and two after the day that is compared.
        (spent(d11=900), declared(sale(9, 10)), FAIL),
        (spent(d11=900), declared(sale(8, 10)), NOTHING),
        (spent(d29=900), declared(sale(20, 28)), FAIL),
        (spent(d30=900), declared(sale(20, 29)), NOTHING),
        (spent(**{f"d{day}": 0 for day in range(13, 20)}), declared(sale(20, 22)), NOTHING),
        (spent(), declared(), NOTHING),
        (spent(), declared(off=[SALES]), UNTOLD),
    ],
)
def test_spending_is_back_a_day_after_a_sale(costs: Answers, sales: Answers, status: CheckStatus) -> None:
    assert judged(check_of("PS-TRF-07"), costs, sales).status is status


def test_each_sale_is_judged_by_itself() -> None:
    found = judged(check_of("PS-TRF-07"), spent(d12=200), declared(sale(9, 11), sale(20, 22, name="summer")))

    assert (found.status, faults(found)) == (FAIL, ["spring from 2026-05-09"])


def test_costs_by_service_that_nobody_asked_for_are_no_costs() -> None:
    other = call(COSTS, {"ResultsByTime": []}, GroupBy=[{"Type": "DIMENSION", "Key": "USAGE_TYPE"}])

    assert judged(check_of("PS-TRF-07"), answers(Integration.AWS, other), declared(sale(20, 22))).status is ERROR
