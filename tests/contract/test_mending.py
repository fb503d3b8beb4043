"""What the catalogue of controls names as remediations: mended by a rule, or a reason why not."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.compliance.mending import mended_otherwise, rules_that_mend
from domain.remediation.remedy import NoPlan
from domain.rules.registry import all_rules, get_rule


@pytest.fixture(scope="module")
def actions(shared: Path) -> list[tuple[str, str, str]]:
    """Control, action and call of each remediation."""
    file = shared / "facts" / "soc2_controls.json"
    if not file.exists():
        pytest.skip("needs ../shared/facts/soc2_controls.json")
    controls = json.loads(file.read_text())["controls"]
    return [(one["id"], each["action"], _plain(each["operation"])) for one in controls for each in one["remediations"]]


def test_what_a_remedy_calls_for_a_control_mends_it_or_says_why_not(actions: list[tuple[str, str, str]]) -> None:
    called = {call for rule in all_rules() for call in _calls(rule.id)}
    missing = [
        (control_id, action)
        for control_id, action, call in actions
        if call in called
        and (control_id, action) not in mended_otherwise()
        and not any(call in _calls(rule_id) for rule_id in rules_that_mend(control_id))
    ]

    assert missing == []


def test_a_reason_why_not_is_given_only_where_a_rule_makes_the_call(actions: list[tuple[str, str, str]]) -> None:
    called = {call for rule in all_rules() for call in _calls(rule.id)}
    told = {(control_id, action): call for control_id, action, call in actions}

    assert {told[named] for named in mended_otherwise()} <= called


def _calls(rule_id: str) -> set[str]:
    return {_plain(operation) for operation in _planned(rule_id)}


def _planned(rule_id: str) -> Iterator[str]:
    """The calls of the plans of a rule's examples, without those that undo them."""
    rule = get_rule(rule_id)
    for example in rule.examples:
        if rule.remedy is None or not example.is_firing:
            continue
        try:
            steps = rule.remedy.plan(example.resource, example.context)
        except NoPlan:
            continue
        yield from (step.call.operation for step in steps)


def _plain(operation: str) -> str:
    """Without the version of an interface of Google, and without the name of what is changed in Azure."""
    plain = re.sub(r"(Microsoft\S*?)/\{\w+\}", r"\1", re.sub(r"\.v\d+:", ".", operation))
    return plain.replace("sqladmin.", "sql.")
