"""What is committed to for CloudFront, against the least that a month of three has used. A fee of 70 covers 100."""

from typing import Any

import pytest

from domain.bundled.ps_cdn_06 import BY_RECORD, COSTS
from domain.compliance.answers import Answers
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, call, judged
from tests.factories.bundled import check_of

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING, UNTOLD = CheckStatus.NOT_APPLICABLE, CheckStatus.NOT_ASSESSED
CHECK = check_of("PS-CDN-06")
EDGE, BUNDLE = "Amazon CloudFront", "CloudFront Security Bundle"
MONTHS = ("2026-03-01", "2026-04-01", "2026-05-01")


def month(start: str, used: float, fee: float = 0, credited: float = 0, **more: float) -> dict[str, Any]:
    amounts = {
        (EDGE, "Usage"): used,
        (BUNDLE, "Recurring"): fee,
        (BUNDLE, "Tax"): fee / 5,
        (EDGE, "Credit"): -credited,
        ("AWS WAF", "Usage"): 900,
    }
    groups = [
        {"Keys": list(keys), "Metrics": {"UnblendedCost": {"Amount": str(amount), "Unit": "USD"}}}
        for keys, amount in amounts.items()
        if amount
    ]
    return {"TimePeriod": {"Start": start}, "Groups": groups}


def billed(used: tuple[float, ...], fee: float = 0, credited: float = 0) -> Answers:
    """What was used in each of three months, and the fee and the credit of the last, on two pages."""
    first, second, last = (month(start, amount) for start, amount in zip(MONTHS, used, strict=True))
    last = month(MONTHS[-1], used[-1], fee, credited)
    other = call(COSTS, {"ResultsByTime": []}, GroupBy=[{"Type": "DIMENSION", "Key": "SERVICE"}])
    pages = ({"ResultsByTime": [first]}, {"ResultsByTime": [second, last]})
    return answers(Integration.AWS, other, call(COSTS, *pages, GroupBy=BY_RECORD))


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (billed((100, 300, 200), fee=49, credited=70), PASS),
        (billed((300, 100, 200), fee=66.5, credited=95), PASS),
        (billed((300, 200, 100), fee=48, credited=69), WARNING),
        (billed((100, 300, 200)), WARNING),
        (billed((100, 300, 200), fee=69, credited=98), WARNING),
        (billed((100, 300, 200), fee=70, credited=100), WARNING),
        (billed((100, 300, 200), fee=71, credited=100), FAIL),
        (billed((0, 300, 200), fee=7, credited=10), FAIL),
        (billed((0, 300, 200)), NOTHING),
        (billed((0, 0, 0)), NOTHING),
        # The bundle of another account of the same organization.
        (billed((100, 300, 200), credited=70), UNTOLD),
        (answers(Integration.AWS, call(COSTS, {"ResultsByTime": []}, GroupBy=BY_RECORD)), NOTHING),
        (answers(Integration.AWS, call(COSTS, {"ResultsByTime": []}, GroupBy=[])), ERROR),
    ],
)
def test_what_is_committed_to_fits_what_is_used(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(CHECK, looked_at).status is status


def test_the_share_is_told() -> None:
    (item,) = judged(CHECK, billed((100, 300, 200), fee=49, credited=70)).items

    assert item.observed == "70% of the least that a month of three has used is committed"
