"""What a rule takes for its parameters, and what is kept of what was stored for an older version."""

from typing import Any

import pytest

from domain.errors import Invalid
from domain.rules.registry import get_rule
from domain.rules.rule import Parameter
from domain.rules.setting import LONGEST_TEXT, MOST_TEXTS, accepted, chosen_of, taken

DAYS = Parameter(name="days", default=7, meaning="Days.", least=1, most=30)
WORD = Parameter(name="word", default="owner", meaning="A word.")
CLOCK = Parameter(name="at", default="08:00", meaning="A time.", pattern="[0-2][0-9]:[0-5][0-9]")
WORDS = Parameter(name="words", default=("a", "b"), meaning="Words.")


@pytest.mark.parametrize(
    ("parameter", "value", "kept"),
    [
        (DAYS, 1, 1),
        (DAYS, 30, 30),
        (WORD, "", ""),
        (WORD, "x" * LONGEST_TEXT, "x" * LONGEST_TEXT),
        (CLOCK, "17:30", "17:30"),
        (WORDS, [], ()),
        (WORDS, ["c", "d"], ("c", "d")),
        (WORDS, ("c",), ("c",)),
    ],
)
def test_a_value_of_its_kind_within_bounds_is_taken(parameter: Parameter, value: Any, kept: Any) -> None:
    assert accepted(parameter, value) == kept


@pytest.mark.parametrize(
    ("parameter", "value", "says"),
    [
        (DAYS, 0, "days takes a number from 1 to 30."),
        (CLOCK, "8", "at takes a text like 08:00."),
        (CLOCK, "17:30 ", "at takes a text like 08:00."),
        (DAYS, 31, "days takes a number from 1 to 30."),
        (DAYS, True, "days takes a number."),
        (DAYS, "7", "days takes a number."),
        (DAYS, 7.0, "days takes a number."),
        (WORD, 7, f"word takes {taken(WORD)}."),
        (WORD, "x" * (LONGEST_TEXT + 1), f"word takes {taken(WORD)}."),
        (WORDS, "ab", f"words takes {taken(WORDS)}."),
        (WORDS, ["", "b"], f"words takes {taken(WORDS)}."),
        (WORDS, ["a", 1], f"words takes {taken(WORDS)}."),
        (WORDS, ["a"] * (MOST_TEXTS + 1), f"words takes {taken(WORDS)}."),
    ],
)
def test_anything_else_is_refused_in_words(parameter: Parameter, value: Any, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        accepted(parameter, value)

    assert refused.value.message == says


def test_what_a_later_version_of_a_rule_does_not_take_is_left_at_its_default() -> None:
    rule = get_rule("aws-ebs-unattached").model_copy(update={"parameters": (DAYS, WORD, WORDS)})

    assert chosen_of(rule, {"days": 99, "word": "team", "words": ["x"], "gone": 1}) == {"word": "team", "words": ("x",)}
    assert chosen_of(rule, {}) == {}
