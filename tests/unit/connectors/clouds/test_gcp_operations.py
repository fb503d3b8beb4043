"""Every call of Google Cloud that the catalogues name is one of ours, by name or as another name of one."""

import json
from pathlib import Path

from connectors.clouds.gcp import recommender, registration


def read_by_rules(shared: Path) -> set[str]:
    rules = json.loads((shared / "facts" / "remediation_rules.json").read_text())["rules"]
    return {call["op"] for rule in rules if rule["provider"] == "gcp" for call in rule["detect"]["calls"]}


def read_by_controls(shared: Path) -> set[str]:
    controls = json.loads((shared / "facts" / "soc2_controls.json").read_text())["controls"]
    tests = [test for control in controls for test in control["tests"] if test["integration"] == "gcp"]
    return {name for test in tests for name in test["operations"]}


def test_every_call_of_the_catalogues_is_covered(shared: Path) -> None:
    wanted = read_by_rules(shared) | read_by_controls(shared)
    ours = {name for one in registration.REGISTRATION.operations for name in (one.name, *one.options["also"])}

    assert len(wanted) == 58
    assert wanted - ours == set()


def test_no_name_stands_for_two_calls() -> None:
    names = [name for one in registration.REGISTRATION.operations for name in {one.name, *one.options["also"]}]

    assert len(names) == len(set(names))


def test_every_recommender_of_the_catalogue_is_asked(shared: Path) -> None:
    ids = json.loads((shared / "facts" / "provider_cost_apis.json").read_text())["gcp"]["recommender_ids"]

    assert {one for group in ids.values() for one in group} == {
        *recommender.RECOMMENDERS,
        recommender.SPEND_RECOMMENDER,
        recommender.SECURITY_KEY_RECOMMENDER,
    }


def test_every_call_names_what_the_customer_grants_and_turns_on() -> None:
    for one in registration.REGISTRATION.operations:
        assert one.permissions
        assert one.plan
        assert one.hidden is not None
        assert one.request.partition(" ")[0] == ("POST" if one.name.endswith("projects.getIamPolicy") else "GET")
