"""The rules agree with the catalogue of remediation rules, word for word where it gives words."""

import json
from pathlib import Path

import pytest

from domain.rules.registry import all_rules
from tests.factories.catalogued import OWN_PARAMETERS, id_there, kind_of


@pytest.fixture(scope="module")
def catalogue(shared: Path) -> dict[str, dict]:
    entries = json.loads((shared / "facts" / "remediation_rules.json").read_text())["rules"]
    return {entry["id"]: entry for entry in entries}


def test_every_entry_of_the_catalogue_is_a_rule(catalogue):
    assert {id_there(rule.id) for rule in all_rules()} == set(catalogue)


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_rule_is_the_one_of_the_catalogue(rule, catalogue):
    entry = catalogue[id_there(rule.id)]

    assert rule.category.lower() == entry["category"]
    assert rule.severity.lower() == entry["severity"]
    assert rule.risk.lower() == entry["risk"]
    assert rule.group == entry["group"]
    assert rule.applies_to is kind_of(rule.id, entry)
    assert "iam_actions" not in entry or sorted(rule.permissions) == sorted(entry["iam_actions"]["detect"])
    own = OWN_PARAMETERS.get(rule.id, set())
    given = {name: value for name, value in rule.settings().items() if name not in own}
    assert given == {name: settled(value) for name, value in entry["detect"].get("parameters", {}).items()}


def settled(value):
    """JSON knows lists where a setting is a tuple."""
    return tuple(value) if isinstance(value, list) else value
