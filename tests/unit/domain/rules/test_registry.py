import pytest
from pydantic import ValidationError

from domain.facts.finding import FindingCategory
from domain.rules.registry import all_rules, get_rule, unique
from domain.rules.rule import Parameter, Rule


def remade(rule: Rule, **changes: object) -> Rule:
    """The rule with some fields changed, checked again."""
    fields = {name: getattr(rule, name) for name in Rule.model_fields}
    return Rule(**{**fields, **changes})


def test_the_folder_holds_rules_on_cost_and_on_security():
    assert {rule.category for rule in all_rules()} == set(FindingCategory)


def test_rule_is_found_by_its_id():
    assert get_rule("aws-ebs-unattached").title == "EBS volume is attached to nothing"


def test_unknown_id_is_a_key_error():
    with pytest.raises(KeyError):
        get_rule("aws-ebs-haunted")


def test_two_rules_with_one_id_are_refused():
    rule = get_rule("aws-ebs-unattached")

    with pytest.raises(ValueError, match="two rules have the id aws-ebs-unattached"):
        unique([rule, remade(rule, title="Another")])


@pytest.mark.parametrize("kept", [True, False], ids=["only firing", "only quiet"])
def test_rule_that_shows_one_side_only_is_refused(kept):
    rule = get_rule("aws-ebs-unattached")
    one_side = tuple(example for example in rule.examples if example.is_firing is kept)

    with pytest.raises(ValidationError, match="at least one example that fires and one that stays quiet"):
        remade(rule, examples=one_side)


@pytest.mark.parametrize("rule_id", ["ebs-unattached", "aws-ebs", "aws-EBS-unattached", "aws-ebs-un attached"])
def test_id_that_does_not_name_provider_service_and_fault_is_refused(rule_id):
    with pytest.raises(ValidationError, match="id"):
        remade(get_rule("aws-ebs-unattached"), id=rule_id)


def test_chosen_parameters_replace_defaults_and_nothing_else():
    rule = remade(
        get_rule("aws-ebs-unattached"),
        parameters=(
            Parameter(name="min_days", default=14, meaning="x"),
            Parameter(name="min_gib", default=1, meaning="x"),
        ),
    )

    assert rule.settings({"min_days": 30, "unheard_of": 5}) == {"min_days": 30, "min_gib": 1}
