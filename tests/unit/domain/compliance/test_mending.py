"""Which rules mend what a control finds."""

from domain.compliance.mending import rules_that_mend
from domain.compliance.registry import all_controls
from domain.rules.registry import get_rule


def test_rules_that_mend_a_control_are_rules_with_a_remedy() -> None:
    mending = {control.id: rules_that_mend(control.id) for control in all_controls()}

    assert any(mending.values())
    assert all(get_rule(rule_id).remedy for rules in mending.values() for rule_id in rules)


def test_control_of_rotated_keys_is_mended_by_the_rule_of_rotation() -> None:
    assert "aws-kms-rotation" in rules_that_mend("CW-DAT-04")


def test_unknown_control_is_mended_by_nothing() -> None:
    assert rules_that_mend("CW-XXX-99") == frozenset()
