"""Plans for Google Cloud where what was recommended is no longer as it was."""

import pytest

from domain.remediation.remedy import NoPlan
from domain.rules import gcp_example as example
from domain.rules.gcp import iam, instance, project
from domain.rules.rule import EXAMPLE_NOW, RuleContext


def context(*resources):
    return RuleContext(now=EXAMPLE_NOW, resources={(one.kind, one.native_id): one for one in resources})


@pytest.mark.parametrize(
    ("plan", "recommendation"),
    [
        (instance.stop, instance.STOP_IT),
        (project.delete, project.CLEAN_UP),
        (iam.replace, iam.REPLACE_IT),
    ],
)
def test_there_is_no_plan_for_what_is_gone(plan, recommendation):
    with pytest.raises(NoPlan):
        plan(recommendation, context())


def test_replaced_role_is_given_only_to_those_who_lack_it_and_taken_back_from_no_others():
    viewer = {"role": "roles/viewer", "members": [iam.B]}
    policy = example.policy(bindings=[*example.policy().config["bindings"], viewer])

    change, _ = iam.replace(iam.REPLACE_IT, context(policy))

    editor = {"role": "roles/editor", "member": iam.B}
    assert change.call.arguments["change"] == {"remove": [editor], "add": []}
    assert change.undo[0].call.arguments["change"] == {"remove": [], "add": [editor]}


def test_condition_of_a_binding_is_kept_whole():
    recommendation = iam._recommended(iam._change("remove", "roles/editor", iam.B, iam.SHORT["expression"]))

    change, _ = iam.replace(recommendation, context(iam.TEMPORARY))

    assert change.call.arguments["change"]["remove"] == [
        {"role": "roles/editor", "member": iam.B, "condition": iam.SHORT}
    ]
