"""Plans for Google Cloud where what was recommended is no longer as it was."""

import re
from dataclasses import replace
from decimal import Decimal
from zoneinfo import available_timezones

import pytest

from domain.facts.money import Money
from domain.remediation.remedy import NoPlan
from domain.rules import gcp_example as example
from domain.rules.gcp import iam, instance, instance_schedule, project
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


def office_hours(**chosen):
    parameters = instance_schedule.OFF_HOURS.settings(chosen)
    return RuleContext(now=EXAMPLE_NOW, parameters=parameters)


def test_machine_runs_in_the_hours_and_the_zone_that_were_chosen():
    chosen = office_hours(start_time="08:30", stop_time="18:00", time_zone="America/Argentina/Buenos_Aires")

    made, attached = instance_schedule.give_schedule(instance_schedule.TESTING, chosen)

    body = made.call.arguments.get("body", made.call.arguments)
    name = "cloudwatcher-hours-0830-1800-america-argentina-buenos-aires"
    assert body["instanceSchedulePolicy"] == {
        "timeZone": "America/Argentina/Buenos_Aires",
        "vmStartSchedule": {"schedule": "30 8 * * 1-5"},
        "vmStopSchedule": {"schedule": "0 18 * * 1-5"},
    }
    assert body["name"] == name
    assert attached.call.arguments["resourcePolicies"][0].endswith(f"/{name}")


def test_name_of_a_schedule_is_as_short_as_google_wants_it_in_every_zone():
    names = {instance_schedule._Hours("08:30", "18:00", zone).name for zone in available_timezones()}

    assert len(names) == len(available_timezones())
    assert all(re.fullmatch("[a-z]([-a-z0-9]{0,61}[a-z0-9])?", name) for name in names)


@pytest.mark.parametrize("chosen", [{"start_time": "19:00"}, {"time_zone": "Berlin"}])
def test_hours_that_make_no_sense_give_no_plan(chosen):
    with pytest.raises(NoPlan):
        instance_schedule.give_schedule(instance_schedule.TESTING, office_hours(**chosen))


def test_saving_counts_the_hours_that_were_chosen():
    machine, bill = instance_schedule.TESTING, Money(amount=Decimal(168), currency="USD")
    given = replace(office_hours(start_time="08:30", stop_time="18:00"), bills={machine.native_id: bill})

    found = instance_schedule.runs_at_night(machine, given)

    # Nine and a half hours on five days: 168 USD * (1 - 47.5/168) = 120.50 USD.
    assert found.estimated_monthly_saving == Money(amount=Decimal("120.50"), currency="USD")
    assert found.saving_formula.endswith("(1 - 47.5/168)")
