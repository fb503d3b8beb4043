"""Every remedy plans on its own examples what could really be done, and taken back."""

import pytest

from domain.remediation.remedy import NoPlan, Reversible
from domain.remediation.step import Step, asked_answers
from domain.rules.registry import all_rules

MENDED = [rule for rule in all_rules() if rule.remedy is not None]
FIRING = [
    pytest.param(rule, example, id=f"{rule.id}-{number}")
    for rule in MENDED
    for number, example in enumerate(rule.examples)
    if example.is_firing
]


def planned(rule, example) -> tuple[Step, ...]:
    return rule.remedy.plan(example.resource, example.context)


def steps_or_reason(rule, example) -> tuple[Step, ...] | str:
    try:
        return planned(rule, example)
    except NoPlan as refusal:
        return str(refusal)


@pytest.mark.parametrize("rule", MENDED, ids=lambda rule: rule.id)
def test_some_example_is_planned(rule):
    found = [steps_or_reason(rule, example) for example in rule.examples if example.is_firing]

    assert any(isinstance(one, tuple) and one for one in found)
    assert all(one.endswith(".") for one in found if isinstance(one, str))


@pytest.mark.parametrize(("rule", "example"), FIRING)
def test_plan_stands_by_itself(rule, example):
    """Names are unique, answers are those of steps before, and the same state gives the same steps."""
    steps = steps_or_reason(rule, example)
    if isinstance(steps, str):
        return

    names = [step.name for step in steps]
    assert len(set(names)) == len(names)
    for number, step in enumerate(steps):
        before = set(names[:number])
        assert set(asked_answers(step.call.arguments)) <= before
        inside = before | {step.name}
        if step.wait:
            assert set(asked_answers(step.wait.call.arguments)) <= inside
        for undoing in step.undo:
            assert set(asked_answers(undoing.call.arguments)) <= inside
            inside |= {undoing.name}
    assert planned(rule, example) == steps


@pytest.mark.parametrize(("rule", "example"), FIRING)
def test_what_is_not_reversible_promises_no_undo(rule, example):
    steps = steps_or_reason(rule, example)
    if isinstance(steps, str):
        return

    can_undo = any(step.undo for step in steps)
    assert can_undo == (rule.remedy.reversible is not Reversible.NO)
