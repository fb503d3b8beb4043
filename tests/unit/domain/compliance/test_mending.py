"""Which rules mend what controls fail on: every pair, held against the catalogues of rules and controls."""

import pytest

from domain.compliance.mending import (
    Mend,
    Named,
    Outcome,
    all_mends,
    controls_mended_by,
    mended_otherwise,
    mends_by,
    mends_of,
    rules_that_mend,
)
from domain.compliance.registry import all_controls, bundled_controls
from domain.facts.compliance import Integration
from domain.remediation.remedy import NoPlan
from domain.rules.registry import all_rules
from domain.rules.rule import Rule

CONTROLS = {control.id: control for control in (*all_controls(), *bundled_controls())}
RULES = {rule.id: rule for rule in all_rules()}
PAIRS = [pytest.param(mend, id=f"{mend.control_id} {mend.rule_id}") for mend in all_mends()]
BUCKET = Named("invoices", "The invoices", "123456789012")


def operations_of(rule: Rule) -> set[str]:
    """The calls of the plans of its examples, without those that undo them."""
    found = set()
    for example in rule.examples:
        if example.is_firing and rule.remedy is not None:
            try:
                found |= {step.call.operation for step in rule.remedy.plan(example.resource, example.context)}
            except NoPlan:
                continue
    return found


def services_of(operation: str) -> set[str]:
    """The parts of the provider that a call is of: s3 of s3.put_bucket_policy, orgs and repos of /orgs/{org}/repos."""
    if " " not in operation:
        name = operation.partition(".")[0]
        return {{"s3control": "s3", "sql": "sqladmin"}.get(name, name)}
    path = operation.rpartition(" ")[2].removeprefix("/api/v1").removeprefix("/v2")
    words = [word for word in path.split("/") if word and not word.startswith("{")]
    return {words[0]} if words[0].startswith("Microsoft.") else set(words)


@pytest.mark.parametrize("mend", PAIRS)
def test_a_control_judges_the_service_that_the_remedy_changes(mend: Mend) -> None:
    rule, control = RULES[mend.rule_id], CONTROLS[mend.control_id]
    (procedure,) = (one for one in control.procedures if one.integration is mend.integration)

    assert control.automated
    assert rule.remedy is not None
    assert rule.applies_to.value.startswith(mend.integration.value)
    changed = {service for operation in operations_of(rule) for service in services_of(operation)}
    assert changed & {service for operation in procedure.operations for service in services_of(operation)}


@pytest.mark.parametrize("mend", PAIRS)
def test_a_reach_is_of_parameters_that_the_control_has(mend: Mend) -> None:
    control = CONTROLS[mend.control_id]

    assert mend.reach.keys() <= control.parameters.keys()
    assert mend.is_enough(control.parameters)


def test_both_directions_tell_the_same() -> None:
    for rule_id in RULES:
        assert controls_mended_by(rule_id) == {id for id in CONTROLS if rule_id in rules_that_mend(id)}
        assert {mend.control_id for mend in mends_by(rule_id)} == controls_mended_by(rule_id)
    assert rules_that_mend("CW-NET-03") == {"aws-sg-default-open"}
    assert controls_mended_by("aws-rds-public") == {"CW-NET-02", "TC-PHI-04"}
    assert [mend.rule_id for mend in mends_of("CW-NET-03")] == ["aws-sg-default-open"]


def test_what_is_not_in_the_table_mends_nothing() -> None:
    assert rules_that_mend("CW-GOV-03") == rules_that_mend("unknown") == frozenset()
    assert controls_mended_by("aws-ec2-idle") == controls_mended_by("unknown") == frozenset()


def test_a_rule_with_a_reason_why_not_mends_the_control_in_no_other_way_of_that_action() -> None:
    for (control_id, action), why in mended_otherwise().items():
        assert action in CONTROLS[control_id].remediations
        assert why.endswith(".")


@pytest.mark.parametrize(
    ("fields", "item", "is_named"),
    [
        ({"item": "native_id"}, "invoices", True),
        ({"item": "native_id"}, "The invoices", False),
        ({"item": "name"}, "The invoices", True),
        ({"item": "name"}, "invoices", False),
        ({"item": "account"}, "123456789012", True),
        ({"item": "account"}, "invoices", False),
        ({"item": "budget"}, "budget", True),
        ({"item": "budget"}, "invoices", False),
        ({"item": "native_id", "head": "in", "tail": "es"}, "voic", True),
        ({"item": "native_id", "head": "in", "tail": "es"}, "invoices", False),
    ],
)
def test_an_item_is_named_exactly_as_the_pair_says(fields: dict[str, str], item: str, is_named: bool) -> None:
    mend = Mend(control_id="CW-DAT-01", rule_id="aws-s3-bucket-public", becomes=Outcome.PASS, **fields)

    assert mend.names(item, BUCKET) is is_named
    assert mend.integration is Integration.AWS


def test_what_is_not_foreseen_names_nothing_and_is_bound_to_nothing() -> None:
    mend = Mend(control_id="CW-LOG-01", rule_id="aws-cloudtrail-stopped", unforeseen="It hangs on more.")

    assert not mend.names("invoices", BUCKET)
    assert mend.is_mended("whatever is seen")
    assert mend.is_enough({"min_length": 99})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"item": "native_id"},
        {"becomes": "PASS"},
        {"item": "native_id", "becomes": "PASS", "unforeseen": "It hangs on more."},
        {"item": "native_id", "unforeseen": "It hangs on more."},
    ],
)
def test_a_pair_is_foreseen_in_whole_or_says_why_not(fields: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="either item and becomes, or unforeseen"):
        Mend(control_id="CW-DAT-01", rule_id="aws-s3-bucket-public", **fields)


@pytest.mark.parametrize(
    ("parameters", "is_enough"),
    [
        ({"min_length": 14, "history": 24}, True),
        ({"min_length": 12, "history": 5}, True),
        ({"min_length": 15, "history": 24}, False),
        ({}, True),
    ],
)
def test_a_higher_demand_than_the_remedy_reaches_is_not_met(parameters: dict[str, int], is_enough: bool) -> None:
    (mend,) = (one for one in mends_of("CW-IAM-04") if one.rule_id == "aws-iam-password-policy")

    assert mend.is_enough(parameters) is is_enough


@pytest.mark.parametrize(("days", "is_enough"), [(365, True), (90, True), (89, False)])
def test_a_lower_limit_than_the_remedy_reaches_is_not_met(days: int, is_enough: bool) -> None:
    (mend,) = (one for one in mends_of("CW-DAT-04") if one.rule_id == "gcp-kms-rotation")

    assert mend.is_enough({"rotate_days": days}) is is_enough


def test_what_an_item_says_tells_whether_it_is_mended() -> None:
    (mend,) = (one for one in mends_of("CW-NET-01") if one.rule_id == "aws-sg-admin-open")

    assert mend.is_mended("ports 22, 3389 open to 0.0.0.0/0")
    assert mend.is_mended("port 22 open to ::/0; the group is attached to nothing")
    assert not mend.is_mended("ports 22, 5985 open to 0.0.0.0/0")
