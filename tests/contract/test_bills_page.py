"""The guide to bills says what the code does: each mapping and each rule."""

from tests.contract.bills_page import mappings, rules, written


def test_the_mappings_in_the_guide_are_those_of_the_code() -> None:
    assert written()["mappings"] == mappings(), "run `make guides` and read the difference"


def test_the_rules_in_the_guide_are_those_of_the_code() -> None:
    assert written()["rules"] == rules(), "run `make guides` and read the difference"
