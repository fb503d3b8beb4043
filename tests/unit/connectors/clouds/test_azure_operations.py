"""What Azure's table of calls says: all that the catalogues name is there, with what it needs, and changes nothing."""

import json
from pathlib import Path

from connectors.clouds.azure import registration
from connectors.reading.listing import Operation

OPERATIONS = registration.REGISTRATION.operations
# They ask, and change nothing.
ASKED_BY_POST = {
    "POST Microsoft.ResourceGraph/resources",
    "POST Microsoft.CostManagement/query",
    "POST Microsoft.Capacity/calculatePrice",
    "GET Microsoft.PolicyInsights/policyStates",
}


def names(operation: Operation) -> set[str]:
    return {operation.name, *operation.options.get("also", ())}


def test_every_call_that_the_catalogues_name_is_there(shared: Path) -> None:
    rules = json.loads((shared / "facts" / "remediation_rules.json").read_text())["rules"]
    controls = json.loads((shared / "facts" / "soc2_controls.json").read_text())["controls"]
    detect = {call["op"] for rule in rules if rule["provider"] == "azure" for call in rule["detect"]["calls"]}
    tests = [test for control in controls for test in control["tests"] if test["integration"] == "azure"]
    judged = {operation for test in tests for operation in test["operations"]}

    assert detect | judged
    assert (detect | judged) - {name for one in OPERATIONS for name in names(one)} == set()


def test_the_versions_are_those_of_the_catalogue(shared: Path) -> None:
    rules = json.loads((shared / "facts" / "remediation_rules.json").read_text())["rules"]
    calls = [call for rule in rules if rule["provider"] == "azure" for call in rule["detect"]["calls"]]
    ours = {name: one.options.get("api_version") for one in OPERATIONS for name in names(one)}

    assert [call for call in calls if ours[call["op"]] != call["api_version"]] == []


def test_nothing_is_written() -> None:
    assert {one.name for one in OPERATIONS if not one.request.startswith("GET ")} == ASKED_BY_POST


def test_secrets_are_not_asked_for() -> None:
    forbidden = ("listkeys", "listsecrets", "/config/appsettings", "connectionstrings", "vault.azure.net")

    assert [one.name for one in OPERATIONS if any(word in one.request.lower() for word in forbidden)] == []


def test_every_call_names_what_is_granted_for_it() -> None:
    granted = {permission for one in OPERATIONS for permission in one.permissions}

    assert all(one.permissions for one in OPERATIONS)
    assert {"Microsoft.Compute/disks/read", "User.Read.All", "Microsoft.Web/sites/config/read"} <= granted
    assert [one for one in granted if "{" in one or " " in one] == []
