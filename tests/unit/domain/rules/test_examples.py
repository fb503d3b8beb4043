"""Every rule does on its own examples what it says it does."""

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.facts.finding import FindingCategory
from domain.rules.judgement import EXEMPTION_TAG, Verdict, judge
from domain.rules.registry import all_rules
from tests.factories.aws import snapshot

EXAMPLES = [
    pytest.param(rule, example, id=f"{rule.id}-{number}-{'fires' if example.is_firing else 'quiet'}")
    for rule in all_rules()
    for number, example in enumerate(rule.examples)
]
FIRING = [param for param in EXAMPLES if param.values[1].is_firing]


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_rule_fires_exactly_on_the_examples_that_say_so(rule, example):
    judgement = judge(rule, example.resource, snapshot(example.resource), example.context)

    assert (judgement.verdict is Verdict.FIRES) == example.is_firing


@pytest.mark.parametrize(
    ("rule", "example"), [param for param in EXAMPLES if len(param.values[1].context.resources) > 1]
)
def test_rule_looks_at_nothing_beside_its_resource_that_it_does_not_name(rule, example):
    """What it does not name is not there: whole kinds when a sync judges, anything when a remediation looks again."""
    own = (example.resource.kind, example.resource.native_id)
    named = {key: one for key, one in example.context.resources.items() if key == own or key[0] in rule.also_reads}

    judgement = judge(rule, example.resource, snapshot(example.resource), replace(example.context, resources=named))

    assert (judgement.verdict is Verdict.FIRES) == example.is_firing


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_rule_names_the_kinds_of_which_it_asks_whether_all_are_listed(rule, example):
    """Or a sync that reads one of these kinds alone would not try the rule again."""
    asked = set()

    def is_listed(kind, _region):
        asked.add(kind)
        return True

    rule.check(example.resource, replace(example.context, is_listed=is_listed))

    assert asked <= {rule.applies_to, *rule.also_reads}


@pytest.mark.parametrize(("rule", "example"), FIRING)
def test_reason_is_a_sentence_that_names_the_resource(rule, example):
    observation = rule.check(example.resource, example.context)

    assert observation.reason.endswith(".")
    assert example.resource.name in observation.reason or example.resource.native_id in observation.reason


@pytest.mark.parametrize(("rule", "example"), FIRING)
def test_saving_is_positive_or_zero_dollars_with_its_formula_or_not_given(rule, example):
    observation = rule.check(example.resource, example.context)

    saving = observation.estimated_monthly_saving
    assert (saving is None) == (observation.saving_formula is None)
    assert saving is None or (saving.amount >= Decimal(0) and saving.currency == "USD")
    assert saving is None or rule.category is FindingCategory.FINOPS


@pytest.mark.parametrize(("rule", "example"), FIRING)
def test_exempted_resource_is_left_out(rule, example):
    exempted = example.resource.model_copy(update={"tags": {EXEMPTION_TAG: rule.id}})

    judgement = judge(rule, exempted, snapshot(exempted), example.context)

    assert judgement.verdict is Verdict.EXEMPT
    assert judgement.observation is None


@pytest.mark.parametrize(("rule", "example"), [param for param in EXAMPLES if not param.values[1].is_firing])
def test_silence_without_the_facts_a_rule_needs_proves_nothing(rule, example):
    bare = example.resource.model_copy(update={"config": {}})

    judgement = judge(rule, bare, snapshot(bare), example.context)

    assert judgement.verdict is Verdict.UNKNOWN
