"""The controls are those of the catalogue, look at what is read, and stand on their page."""

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest

from connectors.registry import registrations
from domain import controls
from domain.compliance.control import Control
from domain.compliance.own_records import OPERATIONS
from domain.compliance.registry import all_controls, bundled_controls
from domain.facts.compliance import Frequency, Integration
from tests.contract.controls_page import COMMITTED, in_a_cell, page

CONTROLS = [pytest.param(control, id=control.id) for control in all_controls()]
OWN = (Integration.PLATFORM, Integration.MANUAL)


# Warnings of the catalogue that the answers cannot tell from a failure.
UNTOLD = {
    ("CW-IAM-11", "GCP"): "whether an exception is on file is told of each failing key by the exception itself",
    ("CW-RSK-02", "AZURE"): "Azure does not tell when a subscription was made",
}


@pytest.fixture(scope="module")
def catalogue(shared: Path) -> dict[str, dict[str, Any]]:
    """What the catalogue says of each control, by its id."""
    file = shared / "facts" / "soc2_controls.json"
    if not file.exists():
        pytest.skip("needs ../shared/facts/soc2_controls.json")
    return {control["id"]: control for control in json.loads(file.read_text())["controls"]}


def as_control(fact: dict[str, Any]) -> dict[str, Any]:
    """What the catalogue says, in the words of the code."""
    return {
        "id": fact["id"],
        "name": fact["name"],
        "category": fact["category"],
        "severity": fact["severity"].upper(),
        "frequency": Frequency.HALF_HOURLY if fact["frequency"] == "30min" else fact["frequency"].upper(),
        "evidence_kind": fact["evidence_kind"].upper(),
        "criteria": fact["tsc"],
        "remediations": [one["action"] for one in fact["remediations"]],
    }


def as_procedure(fact: dict[str, Any]) -> tuple[str, str]:
    return fact["integration"].upper(), fact["scope"]


def test_the_controls_are_those_of_the_catalogue(catalogue: dict[str, Any]) -> None:
    assert {control.id for control in all_controls()} == catalogue.keys()


@pytest.mark.parametrize("control", CONTROLS)
def test_a_control_says_what_the_catalogue_says(control: Control, catalogue: dict[str, Any]) -> None:
    wanted = as_control(catalogue[control.id])

    assert json.loads(json.dumps(control.model_dump(include=set(wanted)))) == wanted
    # There may be parameters of our own beside those of the catalogue.
    assert control.parameters.items() >= catalogue[control.id]["parameters"].items()


@pytest.mark.parametrize("control", CONTROLS)
def test_a_control_judges_the_systems_of_the_catalogue(control: Control, catalogue: dict[str, Any]) -> None:
    facts = catalogue[control.id]["tests"]

    assert [(one.integration, one.scope) for one in control.procedures] == [as_procedure(fact) for fact in facts]
    for procedure, fact in zip(control.procedures, facts, strict=True):
        # More may be looked at than the catalogue names, never less.
        assert set(fact["operations"]) <= set(procedure.operations), procedure.integration


@pytest.mark.parametrize("control", CONTROLS)
def test_a_verdict_that_can_arise_is_described(control: Control, catalogue: dict[str, Any]) -> None:
    warns = {fact["integration"].upper() for fact in catalogue[control.id]["tests"] if fact["warning"]}
    known = {system for id, system in UNTOLD if id == control.id}

    assert warns - known == {procedure.integration for procedure in control.procedures if procedure.warns} & warns


def test_the_file_of_a_control_is_named_by_its_id() -> None:
    names = [found.name for found in iter_modules(controls.__path__)]

    assert names
    assert [import_module(f"domain.controls.{name}").CONTROL.id.lower().replace("-", "_") for name in names] == names


@pytest.mark.parametrize("control", CONTROLS)
def test_a_procedure_looks_at_what_is_read_or_recorded(control: Control) -> None:
    unknown = [
        (procedure.integration, operation)
        for procedure in control.procedures
        for operation in procedure.operations
        if operation not in answered(procedure.integration)
    ]

    assert unknown == []


def answered(integration: Integration) -> set[str]:
    """The names of everything that can be looked at of a system."""
    if integration in OWN:
        return {operation for operation in OPERATIONS if operation.startswith(f"{integration.value.lower()}:")}
    written = {operation for operation in OPERATIONS if not operation.startswith(("platform:", "manual:"))}
    return written | set(_read(integration))


def _read(integration: Integration) -> Iterator[str]:
    for provider, registration in registrations().items():
        if provider.value == integration.value:
            for operation in registration.operations:
                yield operation.name
                yield from operation.options.get("also", ())


def test_every_record_of_ours_has_fields() -> None:
    assert [operation for operation, row in OPERATIONS.items() if not row.__annotations__] == []


def test_the_page_about_controls_is_the_one_the_code_makes() -> None:
    assert COMMITTED.read_text() == page(), "run `make controls` and read the difference"


def test_every_procedure_stands_on_the_page() -> None:
    text, every = page(), (*all_controls(), *bundled_controls())

    assert all(f"## {control.id}\n" in text for control in every)
    assert all(in_a_cell(procedure.passes) in text for control in every for procedure in control.procedures)
