"""A plan is bound to what was seen, says what hangs on it, and knows what takes it back."""

from typing import Any

import pytest

from domain.facts.resource import Resource, ResourceKind
from domain.remediation.remedy import NoPlan
from domain.remediation_plan import backward, dependents_of, forward, is_undoable, lasting, make_plan, with_dependents
from domain.rules.judgement import EXEMPTION_TAG
from domain.rules.registry import get_rule
from domain.rules.rule import EXAMPLE_NOW, RuleContext

GP2 = get_rule("aws-ebs-gp2-to-gp3")
UNATTACHED = get_rule("aws-ebs-unattached")


def volume(**given: Any) -> Resource:
    fields = {"kind": ResourceKind.AWS_EBS_VOLUME, "native_id": "vol-012345", "name": "data", "region": "us-east-1"}
    config = {"VolumeType": "gp2", "Size": 100, "State": "available", "Attachments": [], "Metrics": {"a": 1}, "Seen": 1}
    return Resource(**{**fields, "config": config, **given})


def plan(resource: Resource, rule=GP2):
    context = RuleContext(now=EXAMPLE_NOW, parameters=rule.settings())
    return make_plan(rule, resource, context, {"Seen"})


def test_plan_holds_the_steps_and_what_they_rest_on():
    made = plan(volume())

    assert [one.call.operation for one in made.steps] == ["ec2.modify_volume"]
    assert made.observed["config"].keys() == {"VolumeType", "Size", "State", "Attachments"}
    assert made.permissions == GP2.remedy.permissions


def test_hash_stays_while_only_what_moves_by_itself_moves():
    moved = volume(config={**volume().config, "Metrics": {"a": 2}, "Seen": 2})

    assert plan(moved).hash == plan(volume()).hash


@pytest.mark.parametrize("change", [{"tags": {"owner": "a"}}, {"config": {**volume().config, "Size": 101}}])
def test_hash_changes_with_what_was_seen(change):
    assert plan(volume(**change)).hash != plan(volume()).hash


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        (volume(tags={EXEMPTION_TAG: GP2.id}), "exempt"),
        (volume(config={"VolumeType": "gp3"}), "not there any more"),
        (volume(unread=frozenset({"Tags"})), "could not be read: Tags"),
    ],
)
def test_there_is_no_plan_where_nothing_is_to_be_done_or_known(resource, words):
    with pytest.raises(NoPlan, match=words):
        plan(resource)


def test_rule_for_people_says_what_they_have_to_do():
    rule = get_rule("aws-iam-root-mfa")

    with pytest.raises(NoPlan, match="Sign in as the root user"):
        plan(volume(), rule)


def test_what_names_a_resource_depends_on_it_and_the_hash_does_not_know():
    kind = ResourceKind.AWS_EC2_INSTANCE
    user = volume(kind=kind, native_id="i-012345", config={"Size": 1, "Disks": [{"Id": "arn:aws:x/vol-012345"}]})
    other = volume(kind=kind, native_id="i-999999", config={"Disks": [{"Id": "vol-0123456"}]})

    found = dependents_of(volume(), [user, other, volume()])
    told = with_dependents(plan(volume()), found)

    assert [one.native_id for one in found] == ["i-012345"]
    assert (told.dependents_count, told.hash) == (1, plan(volume()).hash)
    assert dependents_of(volume(native_id="v-1"), [user]) == []


def test_what_was_made_is_taken_back_the_last_first():
    context = RuleContext(now=EXAMPLE_NOW, parameters=UNATTACHED.settings())
    steps = UNATTACHED.remedy.plan(volume(), context)

    tasks = backward(steps, ["snapshot", "delete"])

    assert [task.key for task in forward(steps)] == ["snapshot", "delete"]
    assert [task.key for task in tasks] == ["delete/create"]
    assert tasks[0].scope == {"snapshot": "snapshot", "delete": "delete", "create": "delete/create"}
    assert backward(steps, ["snapshot"]) == []
    assert is_undoable(steps, ["delete"])
    assert not is_undoable(steps, ["snapshot"])


def test_lasting_state_has_the_tags():
    assert lasting(volume(tags={"a": "b"}), ())["tags"] == {"a": "b"}
