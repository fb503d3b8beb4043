"""What a stand-in for AWS has billed for CloudFront, read by the connector, and whether a commitment fits it."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.clouds.aws import registration, spend
from connectors.reading.listing import Place
from connectors.reading.source import Source
from domain.bundled.ps_cdn_06 import BY_RECORD
from domain.compliance.control import Case
from domain.compliance.judging import Judgement, judge
from domain.compliance.registry import bundled_controls
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import procedure
from tests.fakes.aws import ACCOUNT, Moto, credentials
from tests.fakes.collecting import reach
from tests.fakes.control_reading import read_for

CHECK = next(control for control in bundled_controls() if control.id == "PS-CDN-06")
FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING, UNTOLD = CheckStatus.NOT_APPLICABLE, CheckStatus.NOT_ASSESSED
REGISTRATION = registration.REGISTRATION


@pytest.fixture(scope="module")
def running() -> Iterator[Moto]:
    with pytest.MonkeyPatch.context() as patch, Moto().served() as moto:
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        yield moto


@pytest.fixture(scope="module")
async def source(running: Moto) -> AsyncIterator[Source]:
    async with REGISTRATION.open(credentials(running.url), reach()) as opened:
        yield opened


@pytest.fixture
def moto(running: Moto) -> Moto:
    running.reset()
    return running


async def judged(source: Source) -> Judgement:
    answers = await read_for(CHECK, REGISTRATION, source)
    case = Case(answers=answers, parameters={}, now=datetime.now(UTC), connected=(answers,))
    return judge(procedure(CHECK, Integration.AWS), case)


def billed(start: str, end: str, **amounts: str) -> dict[str, Any]:
    """A month, by the words that stand for services and types of record."""
    names = {
        "used": ["Amazon CloudFront", "Usage"],
        "credited": ["Amazon CloudFront", "Credit"],
        "fee": ["CloudFront Security Bundle", "Recurring"],
    }
    groups = [
        {"Keys": names[name], "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": "USD"}}}
        for name, amount in amounts.items()
    ]
    return {"TimePeriod": {"Start": start, "End": end}, "Total": {}, "Groups": groups, "Estimated": False}


@pytest.mark.parametrize(
    ("last", "status"),
    [
        ({"used": "400", "fee": "56", "credited": "-80"}, PASS),
        ({"used": "400", "fee": "35", "credited": "-50"}, WARNING),
        ({"used": "400"}, WARNING),
        ({"used": "400", "fee": "77", "credited": "-110"}, FAIL),
        ({"used": "400", "credited": "-80"}, UNTOLD),
        ({}, NOTHING),
    ],
    ids=["fits", "little", "none", "too much", "of another account", "not used"],
)
async def test_what_is_committed_to_fits_what_is_used(
    moto: Moto, source: Source, last: dict[str, str], status: CheckStatus
) -> None:
    # The least of three months is 100.
    months = [
        billed("2026-08-01", "2026-09-01", used="100"),
        billed("2026-09-01", "2026-10-01", used="250"),
        billed("2026-10-01", "2026-11-01", **last),
    ]
    moto.say("ce.GetCostAndUsage", {"ResultsByTime": months})

    judgement = await judged(source)

    assert judgement.status is status, judgement


async def test_a_bill_that_may_not_be_read_is_an_error(moto: Moto, source: Source) -> None:
    moto.fail("ce.GetCostAndUsage", 400, "AccessDeniedException")

    judgement = await judged(source)

    assert (judgement.status, judgement.items) == (ERROR, ())


@pytest.mark.parametrize(
    ("today", "period"),
    [
        (datetime(2026, 11, 26, tzinfo=UTC), {"Start": "2026-08-01", "End": "2026-11-01"}),
        (datetime(2026, 1, 1, tzinfo=UTC), {"Start": "2025-10-01", "End": "2026-01-01"}),
        (datetime(2026, 3, 31, tzinfo=UTC), {"Start": "2025-12-01", "End": "2026-03-01"}),
    ],
)
def test_three_whole_months_are_asked_for(today: datetime, period: dict[str, str]) -> None:
    place = Place(account_id=ACCOUNT, region=None, now=today)
    (asked,) = [one for one in spend.costs(place) if one["GroupBy"] == BY_RECORD]

    assert (asked["TimePeriod"], asked["Granularity"]) == (period, "MONTHLY")
