"""Every call that a remedy for AWS plans is one that AWS has, with arguments as its own description takes them."""

from collections.abc import Iterator

import botocore.session
import pytest
from botocore import xform_name
from botocore.validate import ParamValidator

from connectors.clouds.aws import acting, keys
from domain.remediation.remedy import NoPlan
from domain.remediation.step import ANSWER, TOKEN, Call, Step
from domain.rules.registry import all_rules

LIBRARY = botocore.session.get_session()
LIBRARY.register_component("data_loader", keys.SERVICE_MODELS)
MENDED = [rule for rule in all_rules() if rule.id.startswith("aws-") and rule.remedy is not None]


def plans(rule) -> Iterator[tuple[Step, ...]]:
    for example in rule.examples:
        if example.is_firing:
            try:
                yield rule.remedy.plan(example.resource, example.context)
            except NoPlan:
                continue


def calls(rule) -> Iterator[Call]:
    for steps in plans(rule):
        for step in steps:
            for one in (step, *step.undo):
                yield from one.calls


def problems(call: Call) -> str:
    """What AWS's own description says against the arguments; empty when nothing."""
    service, _, method = call.operation.partition(".")
    model = LIBRARY.get_service_model(service)
    operation = model.operation_model({xform_name(one): one for one in model.operation_names}[method])
    arguments = without_answers(call.arguments)
    if operation.input_shape is None:
        return "" if arguments == {} else "It takes no arguments."
    return ParamValidator().validate(arguments, operation.input_shape).generate_report()


def without_answers(value):
    """Tokens and answers of earlier steps are texts when a step is made."""
    if isinstance(value, dict):
        if ANSWER in value or value == TOKEN:
            return "a-text"
        return {key: without_answers(one) for key, one in value.items()}
    return [without_answers(one) for one in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("rule", MENDED, ids=lambda rule: rule.id)
def test_arguments_are_those_aws_describes(rule):
    found = {call.operation: problems(call) for call in calls(rule)}

    assert {name: said for name, said in found.items() if said} == {}


@pytest.mark.parametrize("rule", MENDED, ids=lambda rule: rule.id)
def test_permissions_are_those_of_the_calls(rule):
    needed = {permission for call in calls(rule) for permission in acting.action(call.operation).permissions}

    assert set(rule.remedy.permissions) == needed - set(rule.permissions)
