"""What remedies of Okta write is what the control of passwords and sessions asks for."""

from typing import Any

import pytest

from domain.controls.cw_iam_04 import CONTROL
from domain.facts.compliance import CheckStatus, Integration
from domain.rules.registry import get_rule
from tests.factories.answers import answers, call, judged

POLICIES, RULES = "GET /api/v1/policies", "GET /api/v1/policies/{policyId}/rules"
PLANNED = [
    pytest.param(rule_id, example, id=f"{rule_id}-{number}")
    for rule_id in ("okta-password-policy", "okta-session-lifetime")
    for number, example in enumerate(get_rule(rule_id).examples)
    if example.is_firing
]


def said_of(config: dict[str, Any]) -> CheckStatus:
    """What the control says of an organization that has only this policy, or only a policy with this rule."""
    is_rule = "actions" in config
    asked = (
        call(POLICIES, [] if is_rule else [config], type="PASSWORD"),
        call(POLICIES, [{"id": "policy-1", "status": "ACTIVE"}] if is_rule else [], type="OKTA_SIGN_ON"),
        call(RULES, [config] if is_rule else [], policyId="policy-1"),
    )
    return judged(CONTROL, answers(Integration.OKTA, *asked)).status


@pytest.mark.parametrize(("rule_id", "example"), PLANNED)
def test_what_fires_does_not_pass_the_control_and_what_is_written_does(rule_id, example):
    (step,) = get_rule(rule_id).remedy.plan(example.resource, example.context)

    written = {**step.call.arguments, "id": example.resource.native_id}
    assert said_of(example.resource.config) is not CheckStatus.PASS
    assert said_of(written) is CheckStatus.PASS
