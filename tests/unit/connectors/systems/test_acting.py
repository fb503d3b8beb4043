"""What DigitalOcean, GitHub and Okta are told to do can be sent as planned, with exactly the rights named for it."""

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.clouds.digitalocean import registration as digitalocean
from connectors.rest.client import request_of
from connectors.systems.github import registration as github
from connectors.systems.okta import registration as okta
from domain.remediation.remedy import NoPlan
from domain.remediation.step import ANSWER, TOKEN, Call, Step
from domain.rules.registry import all_rules
from domain.rules.rule import Rule

REGISTRATIONS = {
    "digitalocean": digitalocean.REGISTRATION,
    "github": github.REGISTRATION,
    "okta": okta.REGISTRATION,
}
RULES = [rule for rule in all_rules() if rule.id.partition("-")[0] in REGISTRATIONS]
# Source: the table of POST /v2/droplets/{droplet_id}/actions in DigitalOcean's description.
OF_ACTIONS = {"snapshot": {"image:create"}, "resize": {"droplet:create"}}


def plans(rule: Rule) -> Iterator[tuple[Step, ...]]:
    for example in rule.examples:
        try:
            yield rule.remedy.plan(example.resource, example.context) if example.is_firing else ()
        except NoPlan:
            continue


def calls(rule: Rule) -> Iterator[Call]:
    for step in (step for steps in plans(rule) for step in steps):
        for one in (step, *step.undo):
            yield from one.calls


def stood_in(value: Any) -> Any:
    """Texts in place of what is filled in when a step is made."""
    if isinstance(value, dict):
        if value == TOKEN or ANSWER in value:
            return "filled-in"
        return {key: stood_in(inner) for key, inner in value.items()}
    return [stood_in(inner) for inner in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_call_is_known_and_fills_its_path(rule):
    registration = REGISTRATIONS[rule.id.partition("-")[0]]

    for call in calls(rule):
        operation = registration.action(call.operation)
        request = request_of(operation, "https://api.example.com", {"org": "octo-org", **stood_in(call.arguments)})
        assert "{" not in request.url
        assert "filled-in" not in request.url


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_remedy_names_exactly_the_rights_its_calls_need(rule):
    registration = REGISTRATIONS[rule.id.partition("-")[0]]

    needed = {permission for call in calls(rule) for permission in registration.action(call.operation).permissions}
    needed |= {more for call in calls(rule) for more in OF_ACTIONS.get(str(call.arguments.get("type")), ())}

    assert set(rule.remedy.permissions) == needed - set(rule.permissions)


@pytest.mark.parametrize("name", REGISTRATIONS)
def test_every_action_is_used_by_a_rule(name):
    used = {call.operation for rule in RULES if rule.id.startswith(name) for call in calls(rule)}
    module = {"digitalocean": "clouds", "github": "systems", "okta": "systems"}[name]
    acting = __import__(f"connectors.{module}.{name}.acting", fromlist=["ACTIONS"])

    assert {one.name for one in acting.ACTIONS} == used


def test_what_okta_says_of_a_user_is_kept_without_credentials():
    operation = okta.REGISTRATION.action("POST /api/v1/users/{id}/lifecycle/expire_password")

    assert operation.hidden({"id": "00u1", "credentials": {"recovery_question": {}}}) == {"id": "00u1"}
