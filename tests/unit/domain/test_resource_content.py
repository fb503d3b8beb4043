"""What makes a resource another one: prints and paths."""

import hashlib
from datetime import UTC, datetime

import pytest

from domain.resource_content import (
    LONGEST_VALUE,
    MOST_PATHS,
    FieldChange,
    carried_over,
    changes_between,
    prints_of,
    without,
)
from tests.factories.aws import volume

USED = {"Usage": {"LastUsed": "2026-01-01", "Size": 1}, "Attachments": []}


def test_a_print_does_not_depend_on_the_order_of_keys():
    one, other = volume(a=1, b=2), volume(b=2, a=1)

    assert prints_of(one) == prints_of(other)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"region": "eu-west-1"},
        {"tags": {"owner": "ada"}},
        {"config": {"State": "available"}},
        {"created_at": datetime(2020, 1, 1, tzinfo=UTC)},
    ],
)
def test_everything_of_a_resource_is_in_its_print(change):
    assert prints_of(volume().model_copy(update=change)) != prints_of(volume())


def test_what_moves_by_itself_is_in_the_whole_print_only():
    before, after = volume(Usage={"LastUsed": "a", "Size": 1}), volume(Usage={"LastUsed": "b", "Size": 1})

    one, other = (prints_of(each, {"Usage.LastUsed"}) for each in (before, after))

    assert one.lasting == other.lasting
    assert one.whole != other.whole


def test_without_volatile_paths_both_prints_are_the_same():
    prints = prints_of(volume())

    assert prints.lasting == prints.whole


@pytest.mark.parametrize(
    ("paths", "left"),
    [
        ((), USED),
        (("Usage",), {"Attachments": []}),
        (("Usage.LastUsed",), {"Usage": {"Size": 1}, "Attachments": []}),
        (("Missing", "Missing.too", "Attachments.0"), USED),
        (("Usage.Size.deeper",), USED),
    ],
)
def test_paths_are_taken_out_of_a_config_and_the_rest_stays(paths, left):
    assert without(USED, paths) == left


def test_the_config_that_is_given_stays_as_it_is():
    given = {"Usage": {"LastUsed": 1}}

    without(given, ["Usage.LastUsed"])

    assert given == {"Usage": {"LastUsed": 1}}


def test_keys_that_were_not_read_keep_their_last_known_value():
    before = {"Grants": ["old"], "Policy": "old"}

    assert carried_over({"Policy": "new"}, before, {"Grants", "Never"}) == {"Grants": ["old"], "Policy": "new"}


def test_changes_name_the_innermost_path_and_lists_as_a_whole():
    before = {"name": "a", "config": {"State": {"Name": "on", "Code": 1}, "Ports": [1, 2], "Old": None}}
    after = {"name": "a", "config": {"State": {"Name": "off", "Code": 1}, "Ports": [1, 3], "New": {"a": 1}}}

    assert changes_between(before, after) == [
        FieldChange("config.New", None, {"a": 1}),
        FieldChange("config.Old", None, None),
        FieldChange("config.Ports", [1, 2], [1, 3]),
        FieldChange("config.State.Name", "on", "off"),
    ]


def test_an_object_that_becomes_a_value_is_one_change():
    assert changes_between({"a": {"b": 1}}, {"a": 2}) == [FieldChange("a", {"b": 1}, 2)]


def test_equal_contents_have_no_changes():
    assert changes_between(USED, dict(reversed(USED.items()))) == []


def test_no_more_changes_are_told_than_anybody_reads():
    before = {f"key {number:04}": number for number in range(MOST_PATHS + 50)}

    assert len(changes_between(before, {})) == MOST_PATHS


def test_a_very_long_value_is_told_by_its_length_and_hash():
    long = "x" * LONGEST_VALUE
    text = f'"{long}"'.encode()

    (change,) = changes_between({"a": "short"}, {"a": long})

    assert change.before == "short"
    assert change.after == {"bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}


def test_a_config_that_is_no_json_has_no_print():
    with pytest.raises(TypeError):
        prints_of(volume(Size=object()))
