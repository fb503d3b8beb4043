"""What Azure's table of actions says: all that plans need is there, with what it needs and nothing more."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.clouds.azure import acting, registration
from connectors.reading.listing import Place
from domain.remediation.remedy import NoPlan
from domain.remediation.step import Call
from domain.rules.registry import all_rules

ACTION = registration.REGISTRATION.action
BY_NAME = {one.name: one for one in acting.ACTIONS}
RULES = [rule for rule in all_rules() if rule.id.startswith("azure-")]
# Looks at what a step made, an undo that restores more exactly, a price without which nothing is bought.
BEYOND_THE_CATALOGUE = {
    "GET Microsoft.BillingBenefits/savingsPlanOrderAliases/{savingsPlanOrderAliasName}",
    "GET Microsoft.Capacity/reservationOrders/{reservationOrderId}",
    "GET Microsoft.Compute/snapshots/{snapshotName}",
    "GET Microsoft.Consumption/budgets/{budgetName}",
    "GET Microsoft.Sql/servers/{serverName}/databases/{databaseName}",
    "POST Microsoft.Capacity/calculatePrice",
    "POST Microsoft.Compute/virtualMachines/{vmName}/powerOff",
}


def calls_of(rule) -> list[Call]:
    """Every call that any plan for its examples may make, looks and undoing with them."""
    found: list[Call] = []
    for example in rule.examples:
        if example.is_firing:
            try:
                steps = rule.remedy.plan(example.resource, example.context)
            except NoPlan:
                continue
            found += [call for step in steps for one in (step, *step.undo) for call in one.calls]
    return found


@pytest.fixture(scope="module")
def written(shared: Path) -> dict[str, str]:
    """Operation -> version, of all that the catalogue's actions and rollbacks of Azure call."""
    rules = json.loads((shared / "facts" / "remediation_rules.json").read_text())["rules"]
    azure = [rule for rule in rules if rule["provider"] == "azure"]
    return {call["op"]: call["api_version"] for rule in azure for call in (*rule["action"], *rule["rollback"])}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_remedy_asks_for_exactly_what_its_calls_need(rule):
    needed = {permission for call in calls_of(rule) for permission in ACTION(call.operation).permissions}

    assert set(rule.remedy.permissions) == needed - set(rule.permissions)


def test_the_table_holds_what_plans_call_and_nothing_else():
    called = {call.operation for rule in RULES for call in calls_of(rule)}

    assert called == set(BY_NAME)


def test_the_calls_are_those_of_the_catalogue(written):
    assert set(BY_NAME) - BEYOND_THE_CATALOGUE == set(written)
    assert {name: BY_NAME[name].options["api_version"] for name in written} == written


def test_what_changes_something_is_waited_for():
    changing = {one.name for one in acting.ACTIONS if not one.name.startswith("GET ")} - {acting.cost.PRICE.name}

    assert {one.name for one in acting.ACTIONS if one.options.get("is_long")} == changing


def test_an_unknown_action_is_not_made_up():
    with pytest.raises(KeyError):
        ACTION("DELETE Microsoft.Resources/resourceGroups/{resourceGroupName}")


def test_a_budget_begins_with_the_month_in_which_it_is_made():
    place = Place(account_id="s1", region=None, now=datetime(2026, 11, 26, 12, tzinfo=UTC))

    filled = acting.beginning_this_month(place, {"id": "b1", "properties": {"amount": 5, "timePeriod": {}}})

    assert filled == {
        "id": "b1",
        "properties": {"amount": 5, "timePeriod": {"startDate": "2026-11-01T00:00:00Z"}},
    }
