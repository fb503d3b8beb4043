"""The checks of bundles are judged where what they name is read, and say why where it is not."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

import pytest

from domain import bundled
from domain.compliance.bundle import BundleCheck, all_bundles
from domain.compliance.control import Control
from domain.compliance.registry import all_controls, bundled_controls
from domain.facts.compliance import Integration
from tests.contract.test_controls import answered

CHECKS = {check.id: check for bundle in all_bundles() for check in bundle.check}
EVERY = [pytest.param(control, CHECKS[control.id], id=control.id) for control in bundled_controls()]

# Calls that are read, and still do not tell what the check is about.
READ_WITHOUT_IT = {
    ("PS-CDN-01", "GCP"): "no metrics of Cloud CDN",
    ("PS-CDN-03", "AWS"): "no bytes of origins",
    ("PS-CDN-07", "DIGITALOCEAN"): "no access to single files",
    ("PS-TRF-01", "AWS"): "no forecast of requests",
    ("PS-TRF-01", "GCP"): "no forecast of requests",
    ("PS-TRF-01", "DIGITALOCEAN"): "no forecast of requests",
    ("PS-TRF-02", "AWS"): "no forecast of requests",
    ("PS-TRF-02", "GCP"): "no forecast of requests",
    ("PS-TRF-08", "PLATFORM"): "models of costs alone",
    ("TC-PHI-01", "AZURE"): "no query for what was discovered",
    ("TC-PHI-10", "OKTA"): "no events of sign-ins",
}
# What tells the same as a call that is not read.
INSTEAD: Mapping[str, str] = {
    "cloudfront.get_cache_policy": "cloudfront.list_cache_policies",
    "cloudfront.get_distribution_config": "cloudfront.list_distributions",
    "cloudfront.list_origin_access_controls": "cloudfront.list_distributions",
    "platform:http_probe": "platform:patient_pages",
}
# What a check names, and need not look at.
NEEDLESS = {
    ("PS-TRF-07", "cloudwatch.get_metric_data"): "the spending says it",
    ("PS-CDN-06", "ce.get_savings_plans_purchase_recommendation"): "Savings Plans do not cover CloudFront",
}


def judged(control: Control, check: BundleCheck) -> dict[Integration, set[str]]:
    """The operations of the procedures that judge, by system."""
    return {one.integration: set(one.operations) for one in control.procedures if one.integration not in check.unread}


def test_every_check_of_a_bundle_is_a_control_under_an_id_of_its_own() -> None:
    assert [control.id for control in bundled_controls()] == sorted(CHECKS)
    assert {control.id for control in all_controls()}.isdisjoint(CHECKS)


def test_the_file_of_a_check_is_named_by_its_id() -> None:
    files = {found.name for found in iter_modules(bundled.__path__)}
    told = {id for id, check in CHECKS.items() if check.systems - check.unread.keys()}

    assert files == {id.lower().replace("-", "_") for id in told}
    assert all(import_module(f"domain.bundled.{name}").PROCEDURES for name in files)


@pytest.mark.parametrize(("control", "check"), EVERY)
def test_every_system_a_check_names_is_judged_or_says_why_not(control: Control, check: BundleCheck) -> None:
    assert {one.integration for one in control.procedures} == check.systems
    assert len(control.procedures) == len(check.systems)


@pytest.mark.parametrize(("control", "check"), EVERY)
def test_a_procedure_looks_at_what_the_bundle_names_and_what_is_read(control: Control, check: BundleCheck) -> None:
    for integration, operations in judged(control, check).items():
        wanted = (one for one in check.operations_of(integration) if (control.id, one) not in NEEDLESS)
        named = {INSTEAD.get(one, one) for one in wanted}

        assert named <= operations, integration
        assert operations <= answered(integration), integration


@pytest.mark.parametrize(("control", "check"), EVERY)
def test_what_is_not_judged_is_not_read(control: Control, check: BundleCheck) -> None:
    for integration in check.unread:
        named = {INSTEAD.get(one, one) for one in check.operations_of(integration)}
        missing = named - answered(integration)

        assert bool(missing) != ((control.id, integration.value) in READ_WITHOUT_IT), integration


@pytest.mark.parametrize(("control", "check"), EVERY)
def test_a_check_says_what_its_bundle_says(control: Control, check: BundleCheck) -> None:
    assert (control.name, control.severity, control.frequency) == (check.name, check.severity, check.frequency)
    assert (control.bundle in {bundle.id for bundle in all_bundles()}, control.criteria) == (True, ())
