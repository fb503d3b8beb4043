"""Checks of bundles as controls: which are judged where, and why nothing is said of the others."""

import pytest
from pydantic import ValidationError

from domain.compliance.bundle import BundleCheck, find_bundle
from domain.compliance.bundled import as_control, serves, why_unassessed
from domain.compliance.frameworks import find_framework
from domain.compliance.judging import judge
from domain.compliance.registry import all_controls, bundled_controls, controls_with, get_control
from domain.facts.compliance import CheckStatus, EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity
from tests.factories.answers import answers, case
from tests.factories.made_controls import OWNED, a_control

BOTH = BundleCheck(
    id="TC-TST-01",
    name="Volumes have owners",
    severity=Severity.HIGH,
    operations=("aws:some.call", "digitalocean:GET /v1/volumes", "platform:sync_runs"),
    passes="it is",
    fails="it is not",
    unread={"aws": "volumes are not read", "platform": "nothing is kept"},
)
ALONE = BOTH.model_copy(update={"operations": ("aws:some.call",), "unread": {Integration.AWS: "volumes are not read"}})


def test_a_check_is_a_control_of_its_bundle() -> None:
    control = as_control("trustcloud", BOTH, OWNED.procedures)

    assert (control.id, control.name, control.bundle, control.criteria) == (BOTH.id, BOTH.name, "trustcloud", ())
    assert (control.frequency, control.evidence_kind) == (Frequency.DAILY, EvidenceKind.MACHINE_STATE)
    assert [(one.integration, one.operations) for one in control.procedures] == [
        (Integration.DIGITALOCEAN, ("GET /v1/volumes",)),
        (Integration.AWS, ("some.call",)),
        (Integration.PLATFORM, ("platform:sync_runs",)),
    ]


def test_what_is_not_read_is_not_assessed_and_says_why() -> None:
    control = as_control("trustcloud", BOTH, OWNED.procedures)

    said = [judge(one, case(answers(one.integration), control)) for one in control.procedures if one.fails is None]

    assert [(one.status, one.problem) for one in said] == [
        (CheckStatus.NOT_ASSESSED, "some.call: volumes are not read"),
        (CheckStatus.NOT_ASSESSED, "platform:sync_runs: nothing is kept"),
    ]


@pytest.mark.parametrize(
    ("check", "problems", "told"),
    [
        (BOTH, [], "Connect DigitalOcean."),
        (BOTH, ["some.call: refused", "some.call: refused"], "some.call: refused"),
        (ALONE, [], "AWS: volumes are not read."),
        (ALONE, ["some.call: volumes are not read"], "AWS: volumes are not read."),
    ],
)
def test_it_is_said_why_nothing_is_assessed(check: BundleCheck, problems: list[str], told: str) -> None:
    assert why_unassessed(check, problems) == told


def test_the_checks_of_a_bundle_come_after_the_catalogue() -> None:
    bundle = find_bundle("peakscale")
    assert bundle is not None

    found = controls_with(["peakscale", "cloudcomply"])

    assert found[: len(all_controls())] == all_controls() == controls_with([])
    assert {control.id for control in found[len(all_controls()) :]} == {check.id for check in bundle.check}
    assert bundled_controls() is bundled_controls()


def test_a_check_serves_the_frameworks_of_its_bundle() -> None:
    hipaa, pci = (find_framework(id) for id in ("hipaa_security_rule", "pci_dss_4_0_1"))
    assert hipaa is not None
    assert pci is not None
    check, control = as_control("trustcloud", BOTH, OWNED.procedures), get_control("CW-IAM-01")

    assert (serves(check, hipaa), serves(check, pci)) == (True, False)
    assert (serves(control, hipaa), serves(OWNED, hipaa)) == (True, False)


def test_a_control_of_the_catalogue_serves_a_criterion() -> None:
    with pytest.raises(ValidationError, match="CW-TST-01 serves no criterion"):
        a_control("CW-TST-01", *OWNED.procedures, criteria=())
    assert a_control("TC-TST-01", *OWNED.procedures, criteria=(), bundle="trustcloud").criteria == ()
