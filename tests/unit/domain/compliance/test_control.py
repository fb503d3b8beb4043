"""What a control is."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.facts.compliance import EvidenceKind, Frequency, Integration, Verdict
from domain.facts.severity import Severity
from tests.factories.answers import answers, case


def _nothing(_: Case) -> Iterator[Item]:
    return iter(())


def procedure(integration: Integration = Integration.AWS, **own: Any) -> Procedure:
    texts = {"scope": "account", "operations": ("iam.list_users",), "passes": "It does.", "fails": "It does not."}
    return Procedure(**{"integration": integration, "judge": _nothing, **texts, **own})


def control(*procedures: Procedure, **own: Any) -> Control:
    made = {
        "id": "CW-IAM-99",
        "name": "Something holds",
        "category": "identity",
        "severity": Severity.HIGH,
        "frequency": Frequency.DAILY,
        "evidence_kind": EvidenceKind.MACHINE_STATE,
        "criteria": ("CC6.1",),
        "objective": "Something holds.",
        "owner_role": "security",
        "procedures": procedures or (procedure(),),
    }
    return Control(**{**made, **own})


def test_an_item_that_passes_expects_nothing_else() -> None:
    assert passed("a", "seen") == Item("a", Verdict.PASS, "seen", "")
    assert warned("a", "seen", "wanted") == Item("a", Verdict.WARNING, "seen", "wanted")
    assert failed("a", "seen", "wanted") == Item("a", Verdict.FAIL, "seen", "wanted")


def test_a_case_finds_every_account_of_a_system() -> None:
    looked_at, okta = answers(Integration.AWS, account="1"), answers(Integration.OKTA)
    other = answers(Integration.AWS, account="2")
    made = case(looked_at, control(), okta, other)

    assert made.of(Integration.AWS) == (looked_at, other)
    assert made.of(Integration.OKTA) == (okta,)
    assert made.of(Integration.JIRA) == ()


@pytest.mark.parametrize("kind", EvidenceKind)
def test_all_is_automated_but_what_people_state(kind: EvidenceKind) -> None:
    assert control(evidence_kind=kind).automated is (kind is not EvidenceKind.HUMAN_ATTESTATION)


def test_a_control_judges_each_system_once() -> None:
    both = control(procedure(), procedure(Integration.AZURE))

    assert [one.integration for one in both.procedures] == [Integration.AWS, Integration.AZURE]
    with pytest.raises(ValidationError, match="CW-IAM-99 judges a system twice"):
        control(procedure(), procedure())


def test_what_is_not_said_of_a_control_is_nothing() -> None:
    made = control()

    assert (made.parameters, made.remediations, made.evidence) == ({}, (), ())
    assert (made.procedures[0].warns, made.procedures[0].version) == (None, 1)


@pytest.mark.parametrize(
    "own",
    [
        {"id": "CW-IAM-1"},
        {"id": "cw-iam-01"},
        {"id": "CW-IAM-011"},
        {"name": ""},
        {"name": "x" * 121},
        {"criteria": ()},
        {"objective": ""},
        {"procedures": ()},
    ],
)
def test_a_control_says_what_it_is(own: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        control(**own)


@pytest.mark.parametrize("own", [{"operations": ()}, {"version": 0}])
def test_a_procedure_says_what_it_looks_at(own: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        procedure(**own)


def test_controls_and_procedures_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(control(), "severity", Severity.LOW)  # noqa: B010 - mypy refuses it, too
    with pytest.raises(ValidationError, match="frozen"):
        setattr(procedure(), "version", 2)  # noqa: B010
