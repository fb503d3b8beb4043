"""Patterns find what Python's engine finds, in a time that no pattern can make long, and say what they do not take."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.allocation.pattern import read_pattern
from domain.errors import Invalid

ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", r"\-", "A", "-", r"\.", "[]a]", r"\W"])
SEQUENCES = st.lists(st.tuples(ATOMS, st.sampled_from(["", "*", "+", "?"])), max_size=5).map(
    lambda parts: "".join(atom + sign for atom, sign in parts)
)
PATTERNS = st.lists(
    st.tuples(st.sampled_from(["", "^"]), SEQUENCES, st.sampled_from(["", "$"])).map("".join), min_size=1, max_size=3
).map("|".join)


@given(PATTERNS.filter(bool), st.text("abAB-1.]", max_size=8))
def test_a_pattern_finds_what_the_engine_of_python_finds(pattern, text):
    expected = re.search(pattern.replace("$", r"\Z"), text, re.IGNORECASE | re.DOTALL) is not None

    assert read_pattern(pattern).found(text) is expected


@pytest.mark.parametrize("pattern", ["a*a*a*a*a*a*a*a*b", ".*.*.*.*.*.*.*x", "[ab]+" * 30 + "c"])
def test_no_pattern_takes_long(pattern):
    began = time.perf_counter()

    assert not read_pattern(pattern).found("a" * 5_000)

    # Python's own needs years for the first; a busy machine may need a while for anything.
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("", "1 to 200 characters"),
        ("a" * 201, "1 to 200 characters"),
        ("(a+)+", "no groups"),
        ("a{2}", "no groups and no counts"),
        ("a++", "repeats a repetition"),
        ("*a", "repeats a repetition or nothing"),
        ("a^b", "stands in the middle"),
        ("a$b", "stands in the middle"),
        (r"\1", "escapes what needs none"),
        ("[ab", "is not closed"),
        ("[b-a]", "no class of characters"),
    ],
)
def test_what_a_pattern_may_not_have_is_named(pattern, problem):
    with pytest.raises(Invalid, match=problem):
        read_pattern(pattern)


def test_a_bar_that_is_escaped_or_in_a_class_divides_nothing():
    assert read_pattern(r"a\|b|[x|]y").found("A|B")
    assert read_pattern(r"a\|b|[x|]y").found("|y")
    assert not read_pattern(r"a\|b").found("a")


def test_a_dollar_that_is_escaped_is_a_dollar():
    assert read_pattern(r"a\$").found("a$b")
