"""What the pages of patients call. NOW is 2026-06-01 12:00."""

from datetime import timedelta
from typing import Any

import pytest

from domain.bundled.tc_phi_12 import PAGES, VENDORS
from domain.compliance.answers import Answers
from domain.compliance.control import Control
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, faults, judged
from tests.factories.bundled import check_of

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING, UNTOLD = CheckStatus.NOT_APPLICABLE, CheckStatus.NOT_ASSESSED
BOOKING, RESULTS = "https://clinic.example/booking", "https://clinic.example/results"
ANALYTICS, PIXEL, OWN = "www.google-analytics.com", "connect.facebook.net", "static.clinic.example"
CHECK: Control = check_of("TC-PHI-12")


def page(*hosts: str, url: str = BOOKING, days: float = 0, problem: str | None = None) -> dict[str, Any]:
    return {"url": url, "read_at": NOW - timedelta(days=days), "hosts": list(hosts), "problem": problem}


def pages(*rows: dict[str, Any], off: Any = ()) -> Answers:
    return answers(Integration.PLATFORM, (PAGES, list(rows)), off=off)


def vendors(*names: str, signed: Any = NOW, off: Any = (), unread: Any = ()) -> Answers:
    rows = [{"vendor": name, "baa_signed_at": signed} for name in names]
    return answers(Integration.MANUAL, (VENDORS, rows), off=off, unread=unread)


NOBODY = vendors(off=[VENDORS])


@pytest.mark.parametrize(
    ("declared", "register", "status"),
    [
        (pages(page(OWN)), NOBODY, PASS),
        (pages(page()), NOBODY, PASS),
        # Names that only look like a tracker's.
        (pages(page("google-analytics.com.clinic.example", "not-hotjar.com")), NOBODY, PASS),
        (pages(page(OWN, ANALYTICS)), vendors("Google Analytics"), WARNING),
        (pages(page(PIXEL)), vendors("Acme", "META Platforms, Inc."), WARNING),
        (pages(page(OWN, ANALYTICS)), NOBODY, FAIL),
        (pages(page(ANALYTICS)), vendors("Google Analytics", signed=None), FAIL),
        (pages(page(ANALYTICS)), vendors("Google Analytics", signed=NOW + timedelta(days=1)), FAIL),
        # An agreement on another service of the same company.
        (pages(page(ANALYTICS)), vendors("Google Cloud", "Google"), FAIL),
        (pages(page(ANALYTICS, PIXEL)), vendors("Google Analytics"), FAIL),
        (pages(), NOBODY, NOTHING),
        (pages(off=[PAGES]), NOBODY, UNTOLD),
    ],
)
def test_pages_of_patients_call_no_tracker_without_an_agreement(
    declared: Answers, register: Answers, status: CheckStatus
) -> None:
    assert judged(CHECK, declared, register).status is status


def test_each_page_is_judged_by_itself_and_says_what_it_calls() -> None:
    found = judged(CHECK, pages(page(OWN), page(PIXEL, OWN, ANALYTICS, url=RESULTS)), vendors("Meta"))

    assert (found.status, faults(found)) == (FAIL, [RESULTS])
    assert found.items[0].observed == f"calls {ANALYTICS} of Google Analytics, without an agreement"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({**page(), "read_at": None}, "it was not looked at yet"),
        ({**page(), "read_at": None, "problem": "The page answers with status 404."}, "status 404"),
        (page(days=3.1, problem="The page does not answer in time."), "in time"),
    ],
)
def test_nothing_is_said_where_a_page_was_not_read(row: dict[str, Any], problem: str) -> None:
    found = judged(CHECK, pages(page(PIXEL, url=RESULTS), row), NOBODY)

    assert (found.status, found.items) == (ERROR, ())
    assert found.problem is not None
    assert BOOKING in found.problem
    assert problem in found.problem


def test_what_was_seen_lately_counts_while_a_page_does_not_answer() -> None:
    assert judged(CHECK, pages(page(days=2.9, problem="The page does not answer in time.")), NOBODY).status is PASS


def test_a_register_that_cannot_be_read_is_no_register_without_agreements() -> None:
    assert judged(CHECK, pages(page(PIXEL)), vendors(unread=[VENDORS])).status is ERROR
