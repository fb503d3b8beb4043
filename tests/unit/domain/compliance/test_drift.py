"""What is left to be settled after what was seen to happen to a resource."""

from collections.abc import Sequence
from typing import Any

import pytest

from domain.compliance.drift import Difference, Step, difference, is_meant, names_in
from domain.facts.governance import DriftKind
from domain.resource_content import FieldChange

OURS = "remediation:1"


def changed(*changes: tuple[str, Any, Any], by: str | None = None) -> Step:
    return Step(True, True, [FieldChange(*change) for change in changes], by)


def added(by: str | None = None) -> Step:
    return Step(False, True, (), by)


def gone(by: str | None = None) -> Step:
    return Step(True, False, (), by)


def told(steps: Sequence[Step]) -> Any:
    found = difference(steps)
    return found and (found.kind.value, [tuple(change) for change in found.changes])


SIZE = ("config.Size", 1, 2)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], None),
        ([changed(SIZE)], ("CHANGED", [SIZE])),
        ([changed(SIZE), changed(("config.Size", 2, 3))], ("CHANGED", [("config.Size", 1, 3)])),
        ([added()], ("ADDED", [])),
        ([added(), changed(SIZE)], ("ADDED", [])),
        ([gone()], ("GONE", [])),
        ([changed(SIZE), gone()], ("GONE", [SIZE])),
    ],
)
def test_what_nothing_explains_is_left(steps: list[Step], expected: Any) -> None:
    assert told(steps) == expected


@pytest.mark.parametrize(
    "steps",
    [
        [changed(SIZE), changed(("config.Size", 2, 1))],
        [added(), gone()],
        [gone(), added()],
        # Put back in other pieces than it was taken apart in.
        [
            changed(("config.A.B", 1, 2)),
            changed(("config.A", {"B": 2}, None)),
            changed(("config.A", None, {"B": 1})),
        ],
    ],
)
def test_what_is_put_back_is_settled(steps: list[Step]) -> None:
    assert difference(steps) is None


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([changed(SIZE, by=OURS)], None),
        ([added(OURS)], None),
        ([gone(OURS)], None),
        ([added(), gone(OURS)], None),
        ([added(), changed(SIZE, by=OURS)], ("ADDED", [])),
        # Another value than before, and one that was meant.
        ([changed(SIZE), changed(("config.Size", 2, 3), by=OURS)], None),
        # Only what was meant is settled.
        (
            [changed(SIZE, ("tags.a", "x", "y")), changed(("config.Size", 2, 3), by=OURS)],
            ("CHANGED", [("tags.a", "x", "y")]),
        ),
        # To undo what was meant is drift.
        ([changed(SIZE, by=OURS), changed(("config.Size", 2, 1))], ("CHANGED", [("config.Size", 2, 1)])),
    ],
)
def test_what_is_explained_is_settled(steps: list[Step], expected: Any) -> None:
    assert told(steps) == expected


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        (DriftKind.CHANGED, changed(("config.Size", 2, 1)), None),
        (DriftKind.CHANGED, changed(("name", "a", "b")), ("CHANGED", [SIZE, ("name", "a", "b")])),
        (DriftKind.ADDED, gone(), None),
        (DriftKind.GONE, added(), ("CHANGED", [SIZE])),
        (DriftKind.GONE, Step(False, True, [FieldChange("config.Size", 2, 1)]), None),
    ],
)
def test_a_difference_goes_on_where_it_was(first: DriftKind, then: Step, expected: Any) -> None:
    standing = Difference(first, () if first is DriftKind.ADDED else [FieldChange(*SIZE)])

    assert told([standing.as_step, then]) == expected


def test_steps_are_left_as_they_are() -> None:
    step = changed(("config.A", None, {"B": 1}))

    difference([step, changed(("config.A.B", 1, 2))])

    assert step.changes[0].after == {"B": 1}


@pytest.mark.parametrize(
    ("wanted", "tags", "change", "expected"),
    [
        ([], {}, SIZE, True),
        (["env=live"], {"env": "live"}, SIZE, True),
        (["env=live"], {"env": "test"}, SIZE, False),
        (["env=live", "tier=1"], {"env": "live"}, SIZE, False),
        (["env=live"], {}, ("tags.env", "live", None), True),
        (["env=live"], {"env": "live"}, ("tags.env", None, "live"), True),
        (["a=b=c"], {"a": "b=c"}, SIZE, True),
    ],
)
def test_a_baseline_is_about_what_has_or_had_its_tags(
    wanted: list[str], tags: dict[str, str], change: tuple[str, Any, Any], expected: bool
) -> None:
    assert is_meant(wanted, tags, [FieldChange(*change)]) is expected


def test_every_text_of_an_answer_is_a_name() -> None:
    assert names_in({"Id": "snap-1", "Tags": [{"Value": "x"}], "Size": 8, "None": None, "Pair": ("a", "b")}) == {
        "snap-1",
        "x",
        "a",
        "b",
    }
