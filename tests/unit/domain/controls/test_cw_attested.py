"""What is said of what people file: vendors, people, buildings, the privacy notice and consents."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.compliance.judging import judge
from domain.controls import cw_hrs_01, cw_phy_01, cw_prv_01, cw_prv_02, cw_ven_02
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, case
from tests.factories.judged_module import failing, said

PASS, WARNING, FAIL, ERROR, NONE = (
    CheckStatus.PASS,
    CheckStatus.WARNING,
    CheckStatus.FAIL,
    CheckStatus.ERROR,
    CheckStatus.NOT_APPLICABLE,
)
OURS, MANUAL, AWS = Integration.PLATFORM, Integration.MANUAL, Integration.AWS


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def vendor(**other: Any) -> dict[str, Any]:
    report = {"vendor": "Postal", "tier": 1, "report_type": "SOC 2", "period_end": ago(days=304), "reviewed_by": "anna"}
    terms = {
        "needs_baa": True,
        "baa_signed_at": NOW,
        "needs_dpa": True,
        "dpa_signed_at": NOW,
        "breach_notice_hours": 24,
    }
    return {**report, "bridge_letter_until": None, **terms, **other}


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([vendor()], PASS),
        ([vendor(period_end=ago(days=305))], WARNING),
        ([vendor(period_end=ago(days=366))], FAIL),
        ([vendor(period_end=ago(days=366), bridge_letter_until=NOW + timedelta(days=61))], PASS),
        ([vendor(period_end=None, bridge_letter_until=NOW + timedelta(days=61))], FAIL),
        ([vendor(reviewed_by=None)], FAIL),
        ([vendor(baa_signed_at=None)], FAIL),
        ([vendor(baa_signed_at=None, needs_baa=False)], PASS),
        ([vendor(dpa_signed_at=None)], FAIL),
        ([vendor(breach_notice_hours=None)], FAIL),
        ([vendor(period_end=None), vendor(baa_signed_at=None, dpa_signed_at=None, breach_notice_hours=None)], PASS),
        ([vendor(tier=2, period_end=None)], NONE),
        ([], FAIL),
    ],
)
def test_a_critical_vendor_has_a_current_report_and_signed_terms(rows: list[Any], status: CheckStatus) -> None:
    assert said(cw_ven_02, answers(MANUAL, ("manual:vendor_documents", rows))) is status


def person(**other: Any) -> dict[str, Any]:
    row = {"person": "anna", "screened_at": ago(days=800), "access_at": ago(days=799)}
    return {**row, "training_completed_at": ago(days=365), **other}


def trained(share: int) -> list[Any]:
    return [person(training_completed_at=NOW if number < share else None) for number in range(100)]


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([person()], PASS),
        ([person(screened_at=None, access_at=None)], PASS),
        ([person(screened_at=None)], FAIL),
        ([person(screened_at=ago(days=700))], FAIL),
        ([person(training_completed_at=ago(days=366))], FAIL),
        (trained(95), PASS),
        (trained(94), WARNING),
        (trained(90), WARNING),
        (trained(89), FAIL),
        ([], FAIL),
    ],
)
def test_people_are_screened_before_access_and_trained_each_year(rows: list[Any], status: CheckStatus) -> None:
    assert said(cw_hrs_01, answers(MANUAL, ("manual:people_records", rows))) is status


def guarded(**other: Any) -> dict[str, Any]:
    row = {"provider_report": "AWS SOC 2", "period_end": ago(days=304), "devices_retired": 2}
    return {**row, "complementary_controls_reviewed_at": ago(days=365), "disposal_certificates": 2, **other}


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([guarded()], PASS),
        ([guarded(period_end=ago(days=400)), guarded()], PASS),
        ([guarded(period_end=ago(days=305))], WARNING),
        ([guarded(period_end=ago(days=366))], FAIL),
        ([guarded(period_end=None)], FAIL),
        ([guarded(provider_report=None)], FAIL),
        ([guarded(complementary_controls_reviewed_at=ago(days=366))], FAIL),
        ([guarded(complementary_controls_reviewed_at=None)], FAIL),
        ([guarded(disposal_certificates=1)], FAIL),
        ([], FAIL),
    ],
)
def test_buildings_and_media_are_proven_to_be_guarded(rows: list[Any], status: CheckStatus) -> None:
    assert said(cw_phy_01, answers(MANUAL, ("manual:physical_attestation", rows))) is status


def report(days: int, state: str = "PUBLISHED", series: str = "SOC 2") -> dict[str, Any]:
    return {
        "name": "A report",
        "series": series,
        "category": "x",
        "periodEnd": ago(days=days).isoformat(),
        "state": state,
    }


@pytest.mark.parametrize(
    ("reports", "status"),
    [
        ([report(365), report(700)], PASS),
        ([report(366)], WARNING),
        ([report(900)], WARNING),
        ([report(9, "UNPUBLISHED"), report(9, series="ISO 27001")], WARNING),
        ([], WARNING),
    ],
)
def test_a_report_of_aws_that_can_be_fetched_supports_the_attestation(reports: list[Any], status: CheckStatus) -> None:
    assert said(cw_phy_01, answers(AWS, ("artifact.list_reports", {"reports": reports}))) is status


def notice(**other: Any) -> dict[str, Any]:
    text = {"body_sha256": "a", "approved_sha256": "a", "sections": ["purpose", "retention", "sharing", "choice"]}
    text["sections"] = [*text["sections"], "contact"]
    row = {"url": "https://x.example/privacy", "purpose": "privacy", "status_code": 200}
    return {**row, **text, "last_reviewed_at": ago(days=334), **other}


@pytest.mark.parametrize(
    ("row", "status"),
    [
        (notice(), PASS),
        (notice(last_reviewed_at=ago(days=335)), WARNING),
        (notice(last_reviewed_at=ago(days=366)), FAIL),
        (notice(last_reviewed_at=None), FAIL),
        (notice(status_code=404), FAIL),
        (notice(status_code=None), FAIL),
        (notice(sections=["purpose", "retention", "sharing", "choice"]), FAIL),
        (notice(body_sha256="b"), FAIL),
        (notice(body_sha256=None, approved_sha256=None), FAIL),
        (notice(purpose="terms"), FAIL),
    ],
)
def test_the_privacy_notice_is_live_complete_and_the_approved_one(row: dict[str, Any], status: CheckStatus) -> None:
    assert said(cw_prv_01, answers(OURS, ("platform:http_probe", [row]))) is status


def sample(**other: Any) -> dict[str, Any]:
    row = {"sampled_at": ago(days=9), "sample_size": 25, "population": 900, "reviewed_by": "anna"}
    return {**row, "consent_found": 25, "purpose_match": 25, "exceptions_fixed": 0, **other}


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([sample()], PASS),
        ([sample(), sample(sampled_at=ago(days=99), consent_found=0)], PASS),
        ([sample(sample_size=9, population=9, consent_found=9, purpose_match=9)], PASS),
        ([sample(consent_found=24, exceptions_fixed=1)], WARNING),
        ([sample(consent_found=24)], FAIL),
        ([sample(consent_found=24, purpose_match=24, exceptions_fixed=2)], FAIL),
        ([sample(sample_size=24, consent_found=24, purpose_match=24)], FAIL),
        ([sample(reviewed_by=None)], FAIL),
        ([], FAIL),
    ],
)
def test_consent_and_purpose_are_found_for_a_sample(rows: list[Any], status: CheckStatus) -> None:
    assert said(cw_prv_02, answers(MANUAL, ("manual:consent_sample", rows))) is status


def test_whoever_was_not_screened_is_named() -> None:
    rows = [person(), person(person="ben", screened_at=None)]

    assert failing(cw_hrs_01, answers(MANUAL, ("manual:people_records", rows))) == {"ben"}


@pytest.mark.parametrize("module", [cw_hrs_01, cw_phy_01, cw_prv_01, cw_prv_02, cw_ven_02])
def test_nothing_is_said_of_what_was_not_read(module: Any) -> None:
    for one in module.CONTROL.procedures:
        unread = answers(one.integration, unread=one.operations)

        assert judge(one, case(unread, module.CONTROL)).status is ERROR
