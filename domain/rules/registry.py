"""Finds the rules by reading their folder; nobody keeps a list."""

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache

from domain import rules
from domain.rules.rule import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule of every provider, by id. Raises ValueError when two share an id."""
    modules = pkgutil.walk_packages(rules.__path__, f"{rules.__name__}.")
    return unique(rule for module in modules for rule in _rules_of(module.name))


def get_rule(rule_id: str) -> Rule:
    """Raises KeyError for an id no rule has."""
    return _by_id()[rule_id]


def unique(found: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules sorted by id. Raises ValueError when two share an id."""
    by_id: dict[str, Rule] = {}
    for rule in found:
        if rule.id in by_id:
            raise ValueError(f"two rules have the id {rule.id}")
        by_id[rule.id] = rule
    return tuple(by_id[rule_id] for rule_id in sorted(by_id))


def _rules_of(module_name: str) -> list[Rule]:
    module = importlib.import_module(module_name)
    return [value for value in vars(module).values() if isinstance(value, Rule)]


@cache
def _by_id() -> dict[str, Rule]:
    return {rule.id: rule for rule in all_rules()}
