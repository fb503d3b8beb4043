"""What a tenant may choose for a rule: values of its parameters, checked, and how they are kept."""

import re
from collections.abc import Mapping
from typing import Any

from domain.errors import Invalid
from domain.rules.rule import Parameter, Rule, Setting

# Twice the longest list of a default; a key of a tag has up to 128 characters, the longest value of a provider 512.
MOST_TEXTS = 100
LONGEST_TEXT = 512


def accepted(parameter: Parameter, value: object) -> Setting:
    """The value as the rule takes it. Raises Invalid, saying what the parameter takes, without a path."""
    match parameter.default:
        case int() if isinstance(value, int) and not isinstance(value, bool):
            if parameter.least <= value <= parameter.most:
                return value
            raise Invalid(f"{parameter.name} takes a number from {parameter.least} to {parameter.most}.")
        case str() if isinstance(value, str) and len(value) <= LONGEST_TEXT and _is_written(parameter, value):
            return value
        case tuple() if isinstance(value, list | tuple) and len(value) <= MOST_TEXTS and all(map(_is_text, value)):
            return tuple(value)
    raise Invalid(f"{parameter.name} takes {taken(parameter)}.")


def _is_written(parameter: Parameter, value: str) -> bool:
    return not parameter.pattern or re.fullmatch(parameter.pattern, value) is not None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= LONGEST_TEXT


def taken(parameter: Parameter) -> str:
    """What a parameter takes, in words."""
    match parameter.default:
        case int():
            return "a number"
        case str() if parameter.pattern:
            return f"a text like {parameter.default}"
        case str():
            return f"a text of at most {LONGEST_TEXT} characters"
        case _:
            return f"a list of at most {MOST_TEXTS} texts of 1 to {LONGEST_TEXT} characters"


def chosen_of(rule: Rule, stored: Mapping[str, Any]) -> dict[str, Setting]:
    """Those of the stored values that the rule still takes: a later version may have other parameters and bounds."""
    found: dict[str, Setting] = {}
    for parameter in rule.parameters:
        try:
            if parameter.name in stored:
                found[parameter.name] = accepted(parameter, stored[parameter.name])
        except Invalid:
            continue
    return found
