"""The page about rules is what the code makes, claims what was recorded, and says why something is missing."""

from domain.remediation.remedy import Reversible
from domain.rules.registry import all_rules
from tests.contract.rules_page import COMMITTED, PROVIDERS, not_reached, page, reachable, reasons, rules_of
from tests.factories.remedies import kept


def test_the_page_about_rules_is_the_one_the_code_makes() -> None:
    assert COMMITTED.read_text() == page(), "run `make rules` and read the difference"


def test_every_rule_stands_on_the_page_once() -> None:
    rules = [rule.id for provider in PROVIDERS for rule in rules_of(provider)]

    assert sorted(rules) == sorted(rule.id for rule in all_rules())
    assert [rule for rule in rules if page().count(f"| `{rule}`<br>") != 1] == []


def test_what_is_recorded_is_of_rules_and_stages_there_are() -> None:
    possible = {rule.id: set(reachable(rule)) for rule in all_rules()}

    assert {rule: stages for rule, stages in kept().items() if not set(stages) <= possible.get(rule, set())} == {}


def test_nothing_is_said_to_be_undone_where_nothing_can_be() -> None:
    final = {rule.id for rule in all_rules() if rule.remedy and rule.remedy.reversible is Reversible.NO}

    assert final
    assert {rule for rule, stages in kept().items() if "UNDONE" in stages} & final == set()


def test_a_reason_is_given_for_exactly_what_was_not_reached() -> None:
    assert not_reached(kept()).keys() == reasons().keys()
